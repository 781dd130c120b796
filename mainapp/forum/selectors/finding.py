"""Searching people, one's own conversations, and the messages in them."""

from collections.abc import Collection
from typing import Any

from django.db.models import Case, Exists, F, Max, OuterRef, Q, QuerySet, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Concat

from mainapp.accounts.models import Block, User
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import PRIVATE
from mainapp.forum.selectors.chats import chats_of
from mainapp.forum.selectors.conversations import Conversation, conversations
from mainapp.market.selectors.folded import Folded, has_words
from mainapp.market.symbols import fold

# Messages that a search reads, the newest first: about 60 ms in SQLite.
MAX_SEARCHED = 20_000
# Of each room, in a search of all: the newest by number, so that no room's size counts.
SEARCHED_OF_EACH = 5_000
# Rooms of the user among whose people others are suggested.
MAX_ROOMS = 50
_NAME = Concat(F("display_name"), Value(" "), F("username"))


def find_people(user: User, text: str, *, limit: int, besides: Collection[int] = ()) -> list[User]:
    """Return active users whose names contain every word of the text; one query.

    The username itself and names that start with the text come first. People with a block in either
    direction and those of `besides` are left out. No one for a text without words.
    """
    name = text.strip().removeprefix("@")
    words = fold(name).split()
    if not words:
        return []
    people = _people(user, besides).filter(has_words(_NAME, words))
    starts = Q(username__istartswith=name) | Q(folded__startswith=" ".join(words))
    rank = Case(When(username__iexact=name, then=0), When(starts, then=1), default=2)
    return list(people.annotate(folded=Folded(_NAME)).order_by(rank, "folded", "pk")[:limit])


def familiar_people(user: User, *, limit: int, besides: Collection[int] = ()) -> list[User]:
    """Return people with whom the user shares rooms, the newest participations first; one query.

    The same people are left out as by `find_people`.
    """
    own = Participant.objects.active().filter(user=user.pk).order_by("-joined_at")
    rooms = own.values("room")[:MAX_ROOMS]
    shared = Q(participations__room__in=rooms, participations__left_at=None)
    people = _people(user, besides).filter(shared).annotate(at=Max("participations__joined_at"))
    return list(people.order_by("-at", "pk")[:limit])


def _people(user: User, besides: Collection[int]) -> QuerySet[User]:
    """Return the active others, except `besides` and those with a block either way."""
    blocks = Block.objects.filter(
        Q(blocker=user.pk, blocked=OuterRef("pk")) | Q(blocker=OuterRef("pk"), blocked=user.pk)
    )
    return User.objects.filter(~Exists(blocks), is_active=True).exclude(pk__in=[user.pk, *besides])


def find_conversations(user: User, text: str, *, limit: int) -> list[Conversation]:
    """Return the user's conversations with every word in their name or their people's names.

    The newest activity comes first. Two queries, none for a text without words.
    """
    words = fold(text).split()
    if not words:
        return []
    rows = chats_of(user)
    for word in words:
        people = User.objects.filter(has_words(_NAME, [word]), pk=OuterRef("user"))
        others = Participant.objects.active().filter(Exists(people), room=OuterRef("room"))
        rows = rows.filter(
            Q(room__search_text__contains=word) | Exists(others.exclude(user=user.pk))
        )
    return conversations(rows[:limit])


def find_messages(user: Any, text: str, *, limit: int, room: Room | None = None) -> list[Message]:
    """Return messages with every word of the text, the newest first, with room and author.

    They are from the user's conversations, or from one room that the user may read, without deleted
    ones and those of people whom the user blocks. One query, which compares at most MAX_SEARCHED
    messages: of one room the newest, of all rooms the newest SEARCHED_OF_EACH of each.
    """
    words = fold(text).split()
    if not words:
        return []
    rooms: Any = [room.pk] if room else _own_rooms(user)
    blocks = Block.objects.filter(blocker=user.pk, blocked=OuterRef("author"))
    reach = F("room__last_seq") - (MAX_SEARCHED if room else SEARCHED_OF_EACH)
    readable = Message.objects.filter(room__in=rooms, seq__gt=reach, deleted_at=None)
    readable = readable.filter(~Exists(blocks)).visible_to(user).exclude(kind=Message.Kind.SYSTEM)
    newest = readable.order_by("-sent_at").values("pk")[:MAX_SEARCHED]
    names = has_words(KT("content__name"), words)
    matches = has_words("body", words) | (Q(kind=Message.Kind.FILE) & names)
    found = Message.objects.filter(matches, pk__in=newest).select_related("room", "author")
    return list(found.order_by("-sent_at", "-pk")[:limit])


def _own_rooms(user: User) -> Any:
    own = Participant.objects.active().filter(user=user.pk, room__kind__in=PRIVATE)
    return own.values("room")
