"""Checks of a single quote: the reasons for rejection, and its time."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from mainapp.core.clocks import is_ahead, latest
from mainapp.core.prices import tick_of
from mainapp.market.quotes.quote import MAX_PRICE, Quote

CLOCK_SKEW = timedelta(minutes=2)
# A source's clock may be this far ahead of ours before its times stop displacing later quotes.
LEAD = timedelta(seconds=10)
# Alerts and ideas are not decided by quotes that are older, apart from their source's delay.
FRESH = timedelta(minutes=15)
# A new high shows in some sources' price before it shows in their day range, by a few ticks.
RANGE_ALLOWANCE = Decimal("0.01")

Rejection = Literal[
    "not_finite",
    "not_positive",
    "unknown_symbol",
    "older",
    "future",
    "foreign",  # of another kind than this run
    "currency",  # not the stock's currency
    "out_of_range",  # outside the day range of the same reply
    "doubtful",  # far from the last price, and not confirmed yet (`quotes.doubts`)
]


def rejection(
    quote: Quote, *, last: Quote | None, at: datetime, currency: str = ""
) -> Rejection | None:
    """Return the reason to reject a quote at the time `at`, or None to accept it.

    `last` is the last recorded quote, `currency` the stock's currency (empty skips that check). A
    quote without a currency counts as being in the stock's.
    """
    if not quote.price.is_finite():
        return "not_finite"
    if not 0 < quote.price < MAX_PRICE:
        return "not_positive"
    if currency and quote.currency not in ("", currency):
        return "currency"
    if is_out_of_range(quote.price, low=quote.low, high=quote.high):
        return "out_of_range"
    if quote.quoted_at is not None and quote.quoted_at > at + CLOCK_SKEW:
        return "future"
    if last and _precedes(quote, last, at) and not _may_follow(quote, last):
        return "older"
    return None


def is_out_of_range(price: Decimal, *, low: Decimal | None, high: Decimal | None) -> bool:
    """Return whether a price is outside the day range of its own reply, with some allowance.

    If one end is missing, only the other is checked. A low above the high makes both invalid.
    """
    low, high = _valid(low), _valid(high)
    if low and high and low > high:
        return False
    is_above = high is not None and price - high > _allowance(high, price)
    return is_above or (low is not None and low - price > _allowance(low, price))


def _valid(price: Decimal | None) -> Decimal | None:
    return price if price is not None and price.is_finite() and price > 0 else None


def _allowance(end: Decimal, price: Decimal) -> Decimal:
    return max(end * RANGE_ALLOWANCE, tick_of(end, price))


def stamped(quote: Quote, *, last: Quote | None, at: datetime) -> Quote:
    """Return the quote with a time: the source's, or that of the first fetch with this price.

    A source's time before an estimated one is replaced as well, so that times never go back.
    """
    if quote.quoted_at is not None and not (last and _precedes(quote, last, at)):
        return quote
    is_same = last is not None and last.price == quote.price and not is_of_future(last, at)
    seen_at = last.quoted_at if last and is_same else at
    return replace(quote, quoted_at=seen_at, quoted_at_estimated=True)


def is_fresh(quote: Quote, *, at: datetime) -> bool:
    """Return whether a quote is at most FRESH plus its source's delay old at `at`."""
    if quote.quoted_at is None:
        return False
    return at - quote.quoted_at <= FRESH + timedelta(seconds=quote.delay_s)


def latest_quoted_at(at: datetime) -> datetime:
    """Return the latest time of a quote that is believed at the moment `at`."""
    return latest(at, period=LEAD)


def is_of_future(quote: Quote, at: datetime) -> bool:
    """Return whether a recorded quote's time is in the future, because a clock ran ahead.

    Any other quote may replace such a quote.
    """
    return is_ahead(quote.quoted_at, at=at, period=LEAD)


def _precedes(quote: Quote, last: Quote, at: datetime) -> bool:
    if quote.quoted_at is None or last.quoted_at is None or is_of_future(last, at):
        return False
    return quote.quoted_at < last.quoted_at


def _may_follow(quote: Quote, last: Quote) -> bool:
    """Return whether a quote with an earlier time may still be newer than `last`.

    An estimated time is the time of a fetch; the price itself is older by the source's delay.
    """
    if not last.quoted_at_estimated or last.quoted_at is None or quote.quoted_at is None:
        return False
    made_at = last.quoted_at - timedelta(seconds=last.delay_s)
    return quote.price == last.price or quote.quoted_at >= made_at
