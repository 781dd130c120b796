"""Queries for the page of one room."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Participant, Room
from mainapp.market.policies import symbol_limit
from mainapp.market.selectors.quotes import last_quotes

PAGE_SIZE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROUPING_GAP = timedelta(minutes=5)
_CHIP = re.compile(r'data-symbol="([A-Z0-9]{1,12})"')


@dataclass(frozen=True, slots=True)
class Line:
    """A message and its place in the list.

    `day` is set on the first message of a day. `follows` is true soon after a message of the same
    author; the page then shows no second name and picture.
    """

    message: Message
    day: date | None
    follows: bool


@dataclass(frozen=True, slots=True)
class RoomPage:
    """Consecutive messages; `earlier` is the `before` of the previous page, if there is one."""

    lines: Sequence[Line]
    earlier: int | None
    is_newest: bool


def room_for(pk: int, user: User | AnonymousUser) -> tuple[Room, bool]:
    """Return a room with its stock and host, and whether `user` is muted there; one query.

    Raises: Room.DoesNotExist.
    """
    mutes = Participant.objects.filter(room=OuterRef("pk"), user=user.pk, is_muted=True)
    rooms = Room.objects.visible_to(user).select_related("stock", "host")
    room: Any = rooms.annotate(is_muted=Exists(mutes)).get(pk=pk)
    return room, room.is_muted


def room_page(room: Room, reader: User | AnonymousUser, *, before: int | None = None) -> RoomPage:
    """Return the last messages, or the last ones before a number, deleted included; one query.

    Only those that `reader` may read.
    """
    messages = Message.objects.filter(room=room).select_related("author")
    if room.is_private:
        messages = messages.visible_to(reader)
    if before is not None:
        messages = messages.filter(seq__lt=before)
    newest_first = list(messages.order_by("-seq")[:PAGE_SIZE])
    lines = _lines(reversed(newest_first))
    earlier = lines[0].message.seq if lines and lines[0].message.seq > 1 else None
    newest = lines[-1].message.seq if lines else 0
    return RoomPage(lines, earlier, newest >= room.last_seq)


def quotes_of(room: Room, page: RoomPage, *, user: User | AnonymousUser) -> dict[str, Any]:
    """Return the last quotes, in wire form, of the room's stock and the newest chips; one query.

    At most as many symbols as the user may track at once: the page subscribes to all of them.
    """
    symbols = dict.fromkeys([room.stock.symbol] if room.stock else [])
    for line in reversed(page.lines):
        symbols |= dict.fromkeys(_CHIP.findall(line.message.body_html))
    limit = symbol_limit(is_authenticated=user.is_authenticated)
    quotes = last_quotes(list(symbols)[:limit])
    return {symbol: quote.to_wire() for symbol, quote in quotes.items()}


def blank_line() -> Line:
    """Return an empty line, number 0, that the script clones for new messages."""
    return Line(Message(pk=0, seq=0, sent_at=EPOCH), None, follows=False)


def _lines(messages: Iterable[Message]) -> list[Line]:
    lines: list[Line] = []
    for message in messages:
        last = lines[-1].message if lines else None
        day = timezone.localdate(message.sent_at)
        is_new_day = last is None or timezone.localdate(last.sent_at) != day
        follows = not is_new_day and last is not None and _follows(message, last)
        lines.append(Line(message, day if is_new_day else None, follows))
    return lines


def _follows(message: Message, last: Message) -> bool:
    if message.deleted_at or last.deleted_at:
        return False
    is_same = message.author_id is not None and message.author_id == last.author_id
    return is_same and message.sent_at - last.sent_at < GROUPING_GAP
