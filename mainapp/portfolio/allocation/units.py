"""What may be bought in whole units: a gap to close, and how much a unit closes; integers only."""

from collections.abc import Sequence
from dataclasses import dataclass

Units = list[int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """`gap` is how much of something is wanted, `unit` how much one costs; both above 0.

    What stays open of a gap counts by its square: each further unit helps less than the one before
    it, and past `most` another would do harm.
    """

    symbol: str
    gap: int
    unit: int

    @property
    def most(self) -> int:
        """Return how many units bring it nearest; where two numbers do, the smaller."""
        return (2 * self.gap + self.unit - 1) // (2 * self.unit)

    def gain(self, units: int, *, have: int = 0) -> int:
        """Return by how much `units` beyond `have` lower the square of what is open."""
        return units * self.unit * (2 * (self.gap - have * self.unit) - units * self.unit)

    def count(self, least: int) -> int:
        """Return how many units, one after the other, each lower the square by more than that."""
        square = self.unit * self.unit
        return max(0, -((least + square - 2 * self.gap * self.unit) // (2 * square)))


def cost_of(candidates: Sequence[Candidate], units: Units) -> int:
    return sum(one.unit * number for one, number in zip(candidates, units, strict=True))
