"""The lines of a room's page: messages with their days, heads, reactions, papers and divider."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from mainapp.forum.events import ReactionCount
from mainapp.forum.models import Message
from mainapp.forum.policies import EMOJI
from mainapp.market.quotes import Quote

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROUPING_GAP = timedelta(minutes=5)
# As in js/forum/papers.js: papers that unfold below one message, and the number of messages after
# which a paper may unfold again.
MAX_PAPERS = 2
NEARBY = 12
_CHIP = re.compile(r'data-symbol="([A-Z0-9]{1,12})"')
_QUOTE = re.compile(r"<blockquote>.*?</blockquote>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A message and its place in the list.

    `day` is set on the first message of a day. `follows` is true soon after a message of the same
    author; the page then shows no second name and picture. `unread` is set on the first unread
    message: the number of unread ones on the page. `papers` has the quotes of unfolded papers.
    """

    message: Message
    day: date | None = None
    follows: bool = False
    reactions: Sequence[ReactionCount] = ()
    is_folded: bool = False
    may_quote: bool = True
    unread: int = 0
    papers: Sequence[Quote] = ()

    @property
    def quoted(self) -> Message | None:
        """The message that this one replies to."""
        return None if self.message.deleted_at else self.message.reply_to


def blank_line() -> Line:
    """Return an empty line, number 0, that the script clones for new messages."""
    return Line(Message(pk=0, seq=0, sent_at=EPOCH))


def lines_of(messages: Iterable[Any], *, reader_id: int | None, joined_seq: int) -> list[Line]:
    """Return the lines of consecutive messages that have `reacted` and `is_folded`."""
    lines: list[Line] = []
    for message in messages:
        last = lines[-1].message if lines else None
        day = timezone.localdate(message.sent_at)
        is_new_day = last is None or timezone.localdate(last.sent_at) != day
        quoted = message.reply_to
        lines.append(
            Line(
                message,
                day if is_new_day else None,
                follows=not is_new_day and last is not None and _follows(message, last),
                reactions=_reactions(message.reacted, reader_id),
                is_folded=message.is_folded,
                may_quote=quoted is not None and quoted.seq > joined_seq,
            )
        )
    return lines


def with_divider(lines: list[Line], *, reader_id: int | None, read_seq: int | None) -> list[Line]:
    """Mark the first unread message, unless it may be on an earlier page."""
    if read_seq is None or not lines or lines[0].message.seq > read_seq + 1:
        return lines
    unread = [
        place
        for place, line in enumerate(lines)
        if line.message.seq > read_seq
        and line.message.author_id != reader_id
        and line.message.kind != Message.Kind.SYSTEM
        and not line.message.deleted_at
        and not line.is_folded
    ]
    if unread:
        lines[unread[0]] = replace(lines[unread[0]], unread=len(unread))
    return lines


def with_papers(lines: Sequence[Line], quotes: Mapping[str, Quote]) -> list[Line]:
    """Add the papers that unfold: those of `quotes` that no nearby message has unfolded."""
    recent: list[list[str]] = []
    shown = []
    for line in lines:
        named = [] if line.is_folded else chips_of(line.message, with_quotes=False)
        above = {symbol for symbols in recent[-NEARBY:] for symbol in symbols}
        symbols = [name for name in named if name in quotes and name not in above][:MAX_PAPERS]
        recent.append(symbols)
        shown.append(replace(line, papers=[quotes[symbol] for symbol in symbols]))
    return shown


def chips_of(message: Message, *, with_quotes: bool = True) -> list[str]:
    """Return the symbols of a message's chips, each once; also those of quoted texts if asked."""
    html = message.body_html if with_quotes else _QUOTE.sub("", message.body_html)
    return list(dict.fromkeys(_CHIP.findall(html)))


def _reactions(text: str | None, reader_id: int | None) -> list[ReactionCount]:
    """Return the counts of reactions that are joined as "👍 4,👍 7", in the order of EMOJI."""
    people: dict[str, set[str]] = defaultdict(set)
    for pair in text.split(",") if text else ():
        emoji, user = pair.rsplit(" ", 1)
        people[emoji].add(user)
    return [
        ReactionCount(emoji=emoji, count=len(people[emoji]), mine=str(reader_id) in people[emoji])
        for emoji in EMOJI
        if emoji in people
    ]


def _follows(message: Message, last: Message) -> bool:
    if message.deleted_at or last.deleted_at or Message.Kind.SYSTEM in (message.kind, last.kind):
        return False
    is_same = message.author_id is not None and message.author_id == last.author_id
    return is_same and message.sent_at - last.sent_at < GROUPING_GAP
