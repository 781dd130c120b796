"""Candidates for whole-unit purchases, in integers: a gap to close and the size of a unit."""

from collections.abc import Sequence
from dataclasses import dataclass

Units = list[int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wanted amount (`gap`) and the cost of one unit (`unit`), both above 0.

    The remaining gap counts by its square, so each further unit helps less than the one before,
    and a unit beyond `most` makes the result worse.
    """

    symbol: str
    gap: int
    unit: int

    @property
    def most(self) -> int:
        """Return the number of units that comes nearest to the gap, the smaller one on a tie."""
        return (2 * self.gap + self.unit - 1) // (2 * self.unit)

    def gain(self, units: int, *, have: int = 0) -> int:
        """Return the decrease of the squared gap when `units` are added to `have`."""
        return units * self.unit * (2 * (self.gap - have * self.unit) - units * self.unit)

    def count(self, least: int) -> int:
        """Return the number of successive units whose gain is greater than `least`."""
        square = self.unit * self.unit
        return max(0, -((least + square - 2 * self.gap * self.unit) // (2 * square)))


def cost_of(candidates: Sequence[Candidate], units: Units) -> int:
    return sum(each.unit * count for each, count in zip(candidates, units, strict=True))
