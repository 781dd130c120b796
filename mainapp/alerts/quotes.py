"""Plausibility of quotes for alerts: stale ones are skipped, changed closes need a confirmation.

Prices far from the last one are never recorded without a confirmation (`market.quotes.doubts`).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mainapp.market.quotes import Quote
from mainapp.market.quotes.doubts import expected_close, is_far

WILD_CLOSE_PCT = 20

Verdict = Literal["trusted", "doubtful", "split"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A quote with a changed previous close, until the next one confirms it; and trusted values.

    `periods` holds the bits (see `conditions.due_periods`) of the observations that wait with it.
    """

    previous_close: Decimal | None
    trusted_price: Decimal
    trusted_close: Decimal | None
    periods: int


def judge(quote: Quote, *, last: Quote | None, suspicion: Suspicion | None) -> Verdict:
    """Return the verdict on a quote; `last` is the previously accepted one.

    A previous close more than 20 % away from the recorded close is doubtful until the next quote
    confirms it. If it moved in proportion to the price, it is a split.
    """
    close = quote.previous_close
    if suspicion is None:
        is_wild = last is not None and _is_far(close, expected_close(quote, last))
        return "doubtful" if is_wild else "trusted"
    if not _is_far(close, suspicion.trusted_close):
        return "trusted"
    if _is_far(close, suspicion.previous_close):
        return "doubtful"
    return "split" if _is_split(quote, suspicion) else "trusted"


def suspicion_of(
    quote: Quote, *, last: Quote, periods: int, before: Suspicion | None = None
) -> Suspicion:
    """Return the record of a doubtful quote; `before` is an earlier one that it did not confirm."""
    return Suspicion(
        previous_close=quote.previous_close,
        trusted_price=before.trusted_price if before else last.price,
        trusted_close=before.trusted_close if before else expected_close(quote, last),
        periods=periods | (before.periods if before else 0),
    )


def _is_split(quote: Quote, suspicion: Suspicion) -> bool:
    """Return whether the previous close changed in proportion to the price."""
    if not quote.previous_close or not suspicion.trusted_close:
        return False
    if not _is_far(quote.previous_close, suspicion.trusted_close):
        return False
    expected = suspicion.trusted_price * quote.previous_close / suspicion.trusted_close
    return not _is_far(quote.price, expected)


def _is_far(value: Decimal | None, base: Decimal | None) -> bool:
    return is_far(value, base, WILD_CLOSE_PCT)
