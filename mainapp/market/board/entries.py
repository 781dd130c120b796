"""Signed entries of the board, checked when they are read from Redis.

Quotes and status are signed, so that someone who can write to Redis cannot show false prices. A
copy of an older entry has a valid signature; processes that have seen a newer quote refuse it.
"""

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from mainapp.core.clocks import is_ahead
from mainapp.core.signatures import Forged, sign, verified
from mainapp.market.quotes import NewestTimes, Quote

logger = logging.getLogger(__name__)

BOARD = "board"
PAUSE_S = 60.0  # while the market is closed; the default of statuses that earlier versions wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """The end of the last batch and the due time of the next one, aware UTC.

    `pause_s` is how far ahead that due time was set, `late` are the symbols that the last batch
    did not reach or, if they have a price, got none for.
    """

    batch_at: datetime
    next_due_at: datetime
    pause_s: float = PAUSE_S
    late: tuple[str, ...] = ()

    def is_ahead(self, at: datetime) -> bool:
        """Return whether a time is too far ahead: a clock ran ahead and was set right.

        Neither time can be trusted then, and the next batch is due now.
        """
        pause = timedelta(seconds=self.pause_s)
        return is_ahead(self.batch_at, at=at) or is_ahead(self.next_due_at, at=at, period=pause)


def dump_quote(quote: Quote) -> bytes:
    return sign(orjson.dumps(quote.to_json(), default=str), purpose=BOARD)


def parse_entry(symbol: bytes, raw: bytes, newest: NewestTimes) -> tuple[int, Quote] | None:
    """Return the number and the quote of an entry.

    None if this program did not write it, or has seen a newer one.
    """
    try:
        seq, time_ms, value = raw.split(b"|", 2)
        quote = Quote.from_json(orjson.loads(verified(value, purpose=BOARD)))
        if quote.symbol.encode() != symbol:
            raise Forged(f"a quote of {quote.symbol}")
        if quote.quoted_at is None or milliseconds(quote.quoted_at) != int(time_ms):
            raise Forged(f"a quote of {quote.symbol} with another time")
        if newest.is_older(quote, at=datetime.now(UTC)):
            raise Forged(f"an old quote of {quote.symbol}")
        return int(seq), quote
    except ValueError as error:  # Forged is one
        logger.warning("an entry of the board was ignored: %s", error)
        return None


def quote_before(symbol: bytes, raw: bytes, newest: NewestTimes) -> Quote | None:
    """Return the quote that a new one has replaced; None if it cannot be trusted.

    Only the differences from it are published, so a false one would leave old fields on pages.
    """
    entry = parse_entry(symbol, raw, newest) if raw else None
    return entry[1] if entry else None


@lru_cache(maxsize=2)
def newest_of(_epoch: str) -> NewestTimes:
    """Return the times of the quotes that this process has put on the board of an epoch."""
    return NewestTimes()


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def dump_status(status: FeedStatus) -> bytes:
    return sign(orjson.dumps(asdict(status)), purpose=BOARD)


def parse_status(raw: Any) -> FeedStatus | None:
    """Return the status; None if this program did not write it."""
    if not raw:
        return None
    try:
        values = orjson.loads(verified(raw, purpose=BOARD))
    except Forged as error:
        logger.warning("the board's status was ignored: %s", error)
        return None
    return FeedStatus(
        batch_at=datetime.fromisoformat(values["batch_at"]),
        next_due_at=datetime.fromisoformat(values["next_due_at"]),
        pause_s=values["pause_s"],
        late=tuple(values.get("late", ())),
    )
