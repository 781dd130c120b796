"""Rooms, people, and one's own conversations and messages in the site's search."""

from typing import Any

from django.db.models import Case, Q, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mainapp.accounts.selectors import name_of
from mainapp.core.policies import MEMBERS
from mainapp.core.rendering import MAX_BODY
from mainapp.core.search import Result, Section, list_url
from mainapp.core.templatetags.highlight import near
from mainapp.forum.models import Room
from mainapp.forum.selectors.chats import excerpt_of
from mainapp.forum.selectors.conversations import Conversation
from mainapp.forum.selectors.finding import (
    find_conversations,
    find_messages,
    find_people,
)
from mainapp.forum.selectors.pages import message_address
from mainapp.market.symbols import fold

MIN_LENGTH = 2


def find_rooms(text: str, *, user: Any, limit: int) -> list[Result]:
    """Return the rooms that match every word of the text; one query, none for an empty text.

    A word is a part of the name, topic or description, or the start of the stock's code. Rooms
    whose name starts with the text come first, then the most recently active. All are public.
    """
    words = fold(text).split()
    if not words:
        return []
    condition = Q()
    for word in words:
        condition &= Q(search_text__contains=word) | Q(stock__symbol__startswith=word.upper())
    rank = Case(When(search_text__startswith=" ".join(words), then=0), default=1)
    rooms = Room.objects.public().filter(condition).select_related("stock")
    return [_result(room) for room in rooms.order_by(rank, "-active_at", "-pk")[:limit]]


def _people(text: str, *, user: Any, limit: int) -> list[Result]:
    return [
        Result(
            title=person.name,
            subtitle=f"@{person.username}" if person.name != person.username else "",
            url=reverse("user-profile", args=[person.pk]),
            person=person,
        )
        for person in find_people(user, text, limit=limit)
    ]


def _conversations(text: str, *, user: Any, limit: int) -> list[Result]:
    return [
        Result(
            title=chat.name,
            label=_label(chat),
            url=reverse("conversa", args=[chat.room.pk]),
            person=chat.partner,
            is_private=True,
        )
        for chat in find_conversations(user, text, limit=limit)
    ]


def _label(chat: Conversation) -> str:
    if chat.room.club:
        return chat.room.club.name
    return "" if chat.is_direct else str(_("grupo"))


def _messages(text: str, *, user: Any, limit: int) -> list[Result]:
    return [
        Result(
            title=name_of(message.author),
            subtitle=near(excerpt_of(message, MAX_BODY), text),
            label=message.room.name,
            url=message_address(message.room, message.seq),
            person=message.author,
            is_private=True,
        )
        for message in find_messages(user, text, limit=limit)
    ]


def _result(room: Room) -> Result:
    count = ngettext("%(count)s mensagem", "%(count)s mensagens", room.last_seq)
    parts = [room.topic, count % {"count": room.last_seq}]
    return Result(
        title=room.name,
        subtitle=" · ".join(filter(None, parts)),
        label=room.stock.symbol if room.stock else "",
        url=reverse("room", args=[room.pk]),
    )


ROOMS = Section(
    name="rooms",
    title=_("Salas"),
    order=20,
    icon="messages",
    find=find_rooms,
    min_length=MIN_LENGTH,
    more_url=list_url("forum"),
)
PEOPLE = Section(
    name="people",
    title=_("Pessoas"),
    order=30,
    icon="user",
    find=_people,
    min_length=MIN_LENGTH,
    who=MEMBERS,
)
CONVERSATIONS = Section(
    name="conversations",
    title=_("Suas conversas"),
    order=40,
    icon="message",
    find=_conversations,
    min_length=MIN_LENGTH,
    more_url=list_url("conversas"),
    who=MEMBERS,
)
MESSAGES = Section(
    name="messages",
    title=_("Mensagens das suas conversas"),
    order=50,
    icon="message",
    find=_messages,
    min_length=MIN_LENGTH,
    more_url=list_url("conversas"),
    who=MEMBERS,
    is_suggested=False,  # it reads too many messages for each key press
)
SECTIONS = [ROOMS, PEOPLE, CONVERSATIONS, MESSAGES]
