"""A user's conversations as their list shows them: two queries, however many there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from mainapp.accounts.models import Block, User
from mainapp.accounts.selectors import name_of
from mainapp.core.pages import page_of
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import DIRECT
from mainapp.forum.selectors.chats import chats_of, is_muted, unread_count

LIST_SIZE = 50
NAMES = 3


@dataclass(frozen=True, slots=True)
class Conversation:
    """A private room in its reader's list.

    `last` is its newest message, unless the reader may not read it; `is_folded` if the reader
    blocks its author. `people` are some of the others, the oldest participants first, in rooms
    without a name: in a direct room the other person, unless their account was deleted.
    """

    own: Participant
    last: Message | None
    unread: int
    is_folded: bool
    people: Sequence[User]

    @property
    def room(self) -> Room:
        return self.own.room

    @property
    def name(self) -> str:
        """The room's name; a direct room and a group without one have those of the others."""
        return self.room.name or ", ".join(user.name for user in self.people) or name_of(None)

    @property
    def partner(self) -> User | None:
        """The other person of a direct room."""
        return self.people[0] if self.is_direct and self.people else None

    @property
    def is_direct(self) -> bool:
        return self.room.kind == DIRECT

    @property
    def is_muted(self) -> bool:
        return is_muted(self.own, at=timezone.now())


@dataclass(frozen=True, slots=True)
class ConversationList:
    """Conversations, the newest activity first; `has_more` if there are older ones.

    `page` counts them, in the list that is a page of its own.
    """

    rows: Sequence[Conversation]
    has_more: bool
    page: Any = None


def conversation_list(user: User, *, limit: int = LIST_SIZE) -> ConversationList:
    """Return the user's conversations, the newest activity first; two queries."""
    rows = conversations(chats_of(user)[: limit + 1])
    return ConversationList(rows[:limit], len(rows) > limit)


def conversation_page(user: User, number: str) -> ConversationList:
    """Return a page of the user's conversations; three queries."""
    page: Any = page_of(chats_of(user), number, size=LIST_SIZE)
    return ConversationList(conversations(page.object_list), page.has_next(), page)


def unread_conversations(user: User, *, limit: int) -> list[Conversation]:
    """Return the conversations with unread messages, the newest activity first; two queries."""
    # More than `limit`: the newer messages of some rooms do not count.
    behind = chats_of(user).filter(room__last_seq__gt=F("read_seq"))[: 5 * limit]
    return [chat for chat in conversations(behind) if chat.unread][:limit]


def club_conversations(club_pk: int, user: User, *, limit: int = LIST_SIZE) -> list[Conversation]:
    """Return the rooms of a club of the user, the newest activity first; two queries."""
    return conversations(chats_of(user).filter(room__club=club_pk)[:limit])


def conversation(own: Participant) -> Conversation:
    """Return a participation as a conversation; two queries."""
    return conversations(Participant.objects.filter(pk=own.pk).select_related("room"))[0]


def conversations(participations: QuerySet[Participant]) -> list[Conversation]:
    """Return one user's participations as conversations; two queries.

    The newest activity comes first.
    """
    newest = Q(room__messages__seq=F("room__last_seq"))
    blocks = Block.objects.filter(blocker=OuterRef("user"), blocked=OuterRef("last__author"))
    # The slice first: otherwise the database would count the messages of all rooms to sort them.
    shown = Participant.objects.filter(pk__in=participations.values("pk"))
    ordered: Any = shown.select_related("room__club").order_by("-room__active_at", "-room_id")
    annotated = ordered.annotate(
        last=FilteredRelation("room__messages", condition=newest),
        unread=unread_count(),
        is_folded=Exists(blocks),
    )
    rows: list[Any] = list(annotated.select_related("last", "last__author"))
    people = _others([row for row in rows if row.room.kind == DIRECT or not row.room.name])
    return [_conversation(row, people[row.room_id]) for row in rows]


def _conversation(row: Any, people: Sequence[User]) -> Conversation:
    # Django sets no attribute for a filtered relation without a row.
    last: Message | None = getattr(row, "last", None)
    if last and last.seq <= row.joined_seq:
        last = None
    return Conversation(row, last, row.unread, row.is_folded, people)


def _others(rows: Sequence[Participant]) -> Mapping[int, Sequence[User]]:
    """Return some of the other people of each room; one query."""
    people: dict[int, list[User]] = defaultdict(list)
    place = Window(RowNumber(), partition_by="room", order_by=["joined_at", "pk"])
    rooms = [row.room_id for row in rows]
    others = Participant.objects.active().filter(room__in=rooms)
    others = others.exclude(user__in={row.user_id for row in rows}).annotate(place=place)
    named = others.filter(place__lte=NAMES).select_related("user").order_by("joined_at", "pk")
    for participant in named:
        people[participant.room_id].append(participant.user)
    return people
