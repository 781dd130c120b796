"""Doubtful prices: prices far from the last one that nothing has confirmed or explained yet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from mainapp.core.clocks import is_ahead
from mainapp.core.prices import tick_of
from mainapp.market.quotes.quote import Quote
from mainapp.market.sessions import previous_session_day, sao_paulo_day
from mainapp.market.symbols import is_pair

WILD_PCT = 40
# Two replies agree if their prices differ by at most this much.
AGREEMENT_PCT = 10
# At R$ 0.02 a single tick is 50 %: a change of two ticks is never far.
LEAST_TICKS = 2
# Part of an interval that counts as a whole one, because beat is not exact.
INTERVAL_SHARE = 0.95
# A source is broken if this many, and most, of its prices jump in one batch. It may then confirm
# its own prices only after BROKEN_WAIT.
BROKEN_FROM = 5
BROKEN_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A doubtful price, its source, and the time of the first reply with it."""

    price: Decimal
    source: str
    seen_at: datetime


def is_far(value: Decimal | None, base: Decimal | None, pct: int) -> bool:
    """Return whether `value` differs from `base` by more than `pct` percent and two ticks."""
    if value is None or not base:
        return False
    difference = abs(value - base)
    return difference * 100 > base * pct and difference > LEAST_TICKS * tick_of(value, base)


def is_wild(quote: Quote, last: Quote | None) -> bool:
    """Return whether a price is far from the last one and its previous close does not explain it.

    The first price of a stock is compared with its own previous close. A previous close explains
    the price if it moved too, as after a split or after weeks without a quote: it is near the
    price, and far from the last one.
    """
    close = quote.previous_close
    if last is None:
        return is_far(quote.price, close, WILD_PCT)
    if not is_far(quote.price, last.price, WILD_PCT):
        return False
    is_close_near = close is not None and not is_far(quote.price, close, WILD_PCT)
    return not (is_close_near and is_far(close, last.price, WILD_PCT))


def renewed_doubt(quote: Quote, doubt: Doubt | None, *, at: datetime) -> Doubt:
    """Return the doubt about a wild quote: the existing one if the prices agree, else a new one."""
    if doubt and _agrees(quote, doubt) and not is_ahead(doubt.seen_at, at=at):
        return doubt
    return Doubt(price=quote.price, source=quote.source, seen_at=at)


def is_confirmed(
    quote: Quote, doubt: Doubt, *, at: datetime, interval: timedelta, broken: Iterable[str] = ()
) -> bool:
    """Return whether a wild quote confirms an earlier doubt: it agrees, an interval later.

    Any source may confirm, but a `broken` one confirms its own price only after BROKEN_WAIT.
    """
    if not _agrees(quote, doubt):
        return False
    is_broken = quote.source == doubt.source and quote.source in broken
    wait = BROKEN_WAIT if is_broken else interval * INTERVAL_SHARE
    return at - doubt.seen_at >= wait


def broken_sources(quotes: Iterable[Quote], last: Mapping[str, Quote]) -> set[str]:
    """Return the sources with at least BROKEN_FROM wild quotes in a batch, and more than half."""
    all_quotes, wild = Counter[str](), Counter[str]()
    for quote in quotes:
        if quote.symbol in last:
            all_quotes[quote.source] += 1
            wild[quote.source] += is_wild(quote, last[quote.symbol])
    return {name for name, count in wild.items() if BROKEN_FROM <= count > all_quotes[name] / 2}


def expected_close(quote: Quote, last: Quote) -> Decimal | None:
    """Return the recorded close that `quote.previous_close` should equal, None if unknown.

    The last recorded price of yesterday is a close only in a market that closes: that of a pair may
    be of any hour before midnight.
    """
    if quote.quoted_at is None or last.quoted_at is None:
        return None
    day, last_day = sao_paulo_day(quote.quoted_at), sao_paulo_day(last.quoted_at)
    if last_day == day:
        return last.previous_close
    if is_pair(quote.symbol):
        return None
    return last.price if last_day >= previous_session_day(day) else None


def _agrees(quote: Quote, doubt: Doubt) -> bool:
    return not is_far(quote.price, doubt.price, AGREEMENT_PCT)
