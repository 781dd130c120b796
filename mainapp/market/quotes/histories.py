"""Plausibility of histories: the rule of doubtful prices, applied to the bars of one reply."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import median

from mainapp.market.quotes.checks import is_out_of_range
from mainapp.market.quotes.doubts import WILD_PCT, is_far
from mainapp.market.quotes.quote import Bar, Quote
from mainapp.market.sessions import sao_paulo_day

NEWEST = 3


def believed_bars(bars: Sequence[Bar], *, last: Quote | None) -> list[Bar]:
    """Return the plausible bars, with implausible highs and lows replaced.

    `bars` are sorted, `last` is the last recorded quote. A bar far from the next newer price needs
    an older bar that agrees with it. So a split in an unadjusted history stays, and a price that
    jumps and returns does not. On the day of the last quote, its day range decides.
    """
    believed: list[Bar] = []
    base = _newest_price(bars, last)
    for index in reversed(range(len(bars))):
        bar, older = bars[index], bars[index - 1] if index else None
        if _is_contradicted(bar, last) or not _is_confirmed(bar, base, older):
            continue
        believed.append(_without_wild_ends(bar, older))
        base = bar.close
    return believed[::-1]


def _newest_price(bars: Sequence[Bar], last: Quote | None) -> Decimal:
    """Return the price to compare the newest bar with.

    It is that of the last quote or, if that is older than the bar, the median of the newest bars.
    """
    if last and last.quoted_at and bars and last.quoted_at >= bars[-1].starts_at:
        return last.price
    return median(bar.close for bar in bars[-NEWEST:]) if bars else Decimal(0)


def _is_contradicted(bar: Bar, last: Quote | None) -> bool:
    if last is None or last.quoted_at is None or not is_far(bar.close, last.price, WILD_PCT):
        return False
    is_same_day = sao_paulo_day(bar.starts_at) == sao_paulo_day(last.quoted_at)
    return is_same_day and is_out_of_range(bar.close, low=last.low, high=last.high)


def _is_confirmed(bar: Bar, newer: Decimal, older: Bar | None) -> bool:
    before = older.close if older else None
    if is_far(bar.close, newer, WILD_PCT) and (
        before is None or is_far(bar.close, before, WILD_PCT)
    ):
        return False
    is_open_wild = is_far(bar.open, bar.close, WILD_PCT)
    return not is_open_wild or (before is not None and not is_far(bar.open, before, WILD_PCT))


def _without_wild_ends(bar: Bar, older: Bar | None) -> Bar:
    """Return the bar; a high or low far beyond its other prices is replaced by the nearest one."""
    prices = [bar.open, bar.close]
    known = [*prices, older.close] if older else prices
    high = max(prices) if is_far(bar.high, max(known), WILD_PCT) else bar.high
    low = min(prices) if is_far(bar.low, min(known), WILD_PCT) else bar.low
    return replace(bar, high=high, low=low)
