"""Whole units of each candidate within a budget that close the gaps best; integers only."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something to buy in whole units of `unit` each, `gap` of which are wanted; both above 0."""

    symbol: str
    gap: int
    unit: int

    @property
    def most(self) -> int:
        """The number of units past which another one would not bring it nearer."""
        return (2 * self.gap + self.unit - 1) // (2 * self.unit)

    def gain(self, units: int) -> int:
        """Return by how much `units` lower the square of the gap."""
        return units * self.unit * (2 * self.gap - units * self.unit)


def choose(candidates: Sequence[Candidate], *, budget: int) -> dict[str, int]:
    """Return the units of each symbol whose gains add up highest for at most `budget`."""
    ordered = sorted(candidates, key=lambda one: (-one.gain(1), one.symbol))
    shares = {}
    for one in ordered:
        shares[one.symbol] = units = min(one.most, budget // one.unit)
        budget -= units * one.unit
    return shares
