"""How a portfolio is spread, how it should be, and what to buy next."""

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
    "Slice",
    "allocate",
    "deviation",
    "next_contribution",
    "slices",
]
