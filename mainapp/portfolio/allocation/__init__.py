"""Actual and ideal allocation of a portfolio, and the next contribution."""

from mainapp.portfolio.allocation.bars import ResultBar, ShareBar, result_bars, share_bars
from mainapp.portfolio.allocation.contribution import (
    Buy,
    Plan,
    Reason,
    deviation,
    next_contribution,
)
from mainapp.portfolio.allocation.shares import (
    AllocatedRow,
    Allocation,
    Order,
    Slice,
    allocate,
    slices,
)

__all__ = [
    "AllocatedRow",
    "Allocation",
    "Buy",
    "Order",
    "Plan",
    "Reason",
    "ResultBar",
    "ShareBar",
    "Slice",
    "allocate",
    "deviation",
    "next_contribution",
    "result_bars",
    "share_bars",
    "slices",
]
