"""Lengths of the bars beside the rows of a portfolio, in thousandths of their space."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mainapp.portfolio.allocation.shares import Allocation
from mainapp.portfolio.valuation import EXACT, ZERO, Valuation

SPACE = 1000
HALF = SPACE // 2


@dataclass(frozen=True, slots=True)
class ResultBar:
    """A bar from the middle of its space: to the right for a gain, to the left for a loss."""

    start: int
    width: int


@dataclass(frozen=True, slots=True)
class ShareBar:
    """A bar of the actual share from the left, and the place of the ideal share."""

    actual: int
    ideal: int | None


def result_bars(valuation: Valuation) -> Mapping[str, ResultBar]:
    """Return a bar for each row with a quote, by symbol; the largest result in R$ fills a half."""
    results = {row.holding.symbol: row.result for row in valuation.rows if row.result is not None}
    largest = max(map(abs, results.values()), default=ZERO)
    bars = {}
    for symbol, result in results.items():
        width = _part(abs(result), largest, HALF)
        bars[symbol] = ResultBar(HALF - width if result < 0 else HALF, width)
    return bars


def share_bars(allocation: Allocation) -> Mapping[str, ShareBar]:
    """Return a bar for each row with a quote, by symbol; the largest share fills the space."""
    rows = [row for row in allocation.rows if row.actual_pct is not None]
    shares = [share for row in rows for share in (row.actual_pct, row.ideal_pct) if share]
    largest = max(shares, default=ZERO)
    return {
        row.symbol: ShareBar(
            _part(row.actual_pct or ZERO, largest, SPACE),
            None if row.ideal_pct is None else _part(row.ideal_pct, largest, SPACE),
        )
        for row in rows
    }


def _part(value: Decimal, largest: Decimal, space: int) -> int:
    if not largest:
        return 0
    length = EXACT.divide(EXACT.multiply(value, Decimal(space)), largest)
    return int(length.to_integral_value(ROUND_HALF_UP))
