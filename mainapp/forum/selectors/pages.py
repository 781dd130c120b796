"""Queries for the page of one room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Exists, Func, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat

from mainapp.accounts.models import Block, User
from mainapp.forum.models import Message, MessageQuerySet, Participant, Reaction, Room
from mainapp.forum.policies import PRIVATE
from mainapp.forum.selectors.chats import Chat
from mainapp.forum.selectors.lines import Line, chips_of, lines_of, with_divider, with_papers
from mainapp.market.policies import symbol_limit
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes

PAGE_SIZE = 50
CONTEXT_SIZE = 8  # messages above the first unread one


@dataclass(frozen=True, slots=True)
class OpenedRoom:
    """A room as a reader opens it; `chat` is set in a private room, where they take part."""

    room: Room
    is_muted: bool
    chat: Chat | None

    @property
    def joined_seq(self) -> int:
        return self.chat.own.joined_seq if self.chat else 0

    @property
    def read_seq(self) -> int | None:
        """The newest message that was read in a private room."""
        return self.chat.own.read_seq if self.chat else None

    @property
    def blocked_partner(self) -> User | None:
        """The other person of a direct room, if the reader blocks them."""
        partner = self.chat.partner if self.chat else None
        people: Sequence[Any] = self.chat.people if self.chat else []
        is_blocked = any(person.is_blocked for person in people if person.user == partner)
        return partner if is_blocked else None


@dataclass(frozen=True, slots=True)
class RoomPage:
    """Consecutive messages.

    `quotes` are those of the room's stock and the newest chips. `earlier` and `later` are the
    `before` of the previous and the `after` of the next page, None without one. `first_unread` is
    the `after` of the page with the first unread message, if that page is above this one.
    """

    lines: Sequence[Line]
    quotes: Mapping[str, Quote]
    earlier: int | None
    later: int | None
    first_unread: int | None = None

    @property
    def is_newest(self) -> bool:
        return self.later is None


def room_for(pk: int, user: User | AnonymousUser, *, is_private: bool = False) -> OpenedRoom:
    """Return a room with its stock and host; one query, two for a private room.

    With `is_private`, one for a private room too. Raises: Room.DoesNotExist.
    """
    if is_private and (chat := _chat(pk, user)):
        return OpenedRoom(chat.room, chat.own.is_muted, chat)
    mutes = Participant.objects.filter(room=OuterRef("pk"), user=user.pk, is_muted=True)
    rooms = Room.objects.visible_to(user).select_related("stock", "host")
    room: Any = rooms.annotate(is_muted=Exists(mutes)).get(pk=pk)
    chat = _chat(pk, user) if room.is_private else None
    if room.is_private and chat is None:  # removed a moment ago
        raise Room.DoesNotExist
    return OpenedRoom(room, room.is_muted, chat)


def room_page(
    opened: OpenedRoom,
    reader: User | AnonymousUser,
    *,
    before: int | None = None,
    after: int | None = None,
) -> RoomPage:
    """Return the newest messages, or those before or after a number, deleted included.

    Only those that `reader` may read. Two queries, one without stocks.
    """
    room = opened.room
    messages = _shown(room, reader)
    if after is not None:
        shown = list(messages.filter(seq__gt=after).order_by("seq")[:PAGE_SIZE])
    else:
        if before is not None:
            messages = messages.filter(seq__lt=before)
        shown = list(messages.order_by("-seq")[:PAGE_SIZE])[::-1]
    lines = lines_of(shown, reader_id=reader.pk, joined_seq=opened.joined_seq)
    first, last = (shown[0].seq, shown[-1].seq) if shown else (0, 0)
    earlier = first if first > opened.joined_seq + 1 else None
    read = opened.read_seq
    is_above = read is not None and earlier is not None and first > read + 1
    quotes = _quotes(room, shown, reader)
    return RoomPage(
        with_papers(with_divider(lines, reader_id=reader.pk, read_seq=read), quotes),
        quotes,
        earlier,
        later=last if 0 < last < room.last_seq else None,
        first_unread=max(0, (read or 0) - CONTEXT_SIZE) if is_above else None,
    )


def message_address(room: Room, seq: int) -> str:
    """Return the address of the page of a room with a message, at the message."""
    address = room.get_absolute_url()
    if seq <= room.last_seq - PAGE_SIZE:
        address += f"?before={seq + PAGE_SIZE // 2}"
    return f"{address}#m{seq}"


def _chat(pk: int, user: User | AnonymousUser) -> Chat | None:
    """Return a private room as its participant sees it, None for others; one query."""
    rows = Participant.objects.active().filter(room=pk, room__kind__in=PRIVATE)
    blocks = Block.objects.filter(blocker=user.pk, blocked=OuterRef("user"))
    rows = (
        rows.select_related("user", "room__club")
        .with_moderates()
        .annotate(is_blocked=Exists(blocks))
    )
    members = list(rows.order_by("joined_at", "pk"))
    own = next((member for member in members if member.user_id == user.pk), None)
    return Chat(own, 0, None, members) if own else None


class _Joined(Func):
    """The texts of a group, separated by commas."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ',')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def _shown(room: Room, reader: User | AnonymousUser) -> MessageQuerySet:
    """Return the messages of a room, with the values that their lines show.

    Reactions are read with them, as "👍 4,👍 7": a second query would exceed the page's limit.
    """
    reaction = Concat("emoji", Value(" "), Cast("user_id", CharField()))
    reactions = Reaction.objects.filter(message=OuterRef("pk")).order_by().values("message")
    blocks = Block.objects.filter(blocker=reader.pk, blocked=OuterRef("author"))
    messages = Message.objects.filter(room=room)
    if room.is_private:
        messages = messages.visible_to(reader)
    return messages.select_related("author", "reply_to__author").annotate(
        reacted=Subquery(reactions.annotate(all=_Joined(reaction)).values("all")),
        is_folded=Exists(blocks),
    )


def _quotes(
    room: Room, messages: Sequence[Message], reader: User | AnonymousUser
) -> dict[str, Quote]:
    """Return the last quotes of the room's stock and the newest chips; one query.

    At most as many as the reader may track at once: the page subscribes to all of them.
    """
    symbols = dict.fromkeys([room.stock.symbol] if room.stock else [])
    for message in reversed(messages):
        symbols |= dict.fromkeys(chips_of(message))
    limit = symbol_limit(is_authenticated=reader.is_authenticated)
    return last_quotes(list(symbols)[:limit]) if symbols else {}
