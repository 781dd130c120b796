"""The best choice of a few candidates: branch and bound over whole units."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import gcd

from mainapp.portfolio.allocation.units import Candidate, Units

MAX_NODES = 40_000


class Search:
    """One search, from a choice that is known; `best` is the best found.

    Candidates are taken in their order: the dearest unit first prunes best. What the rest can
    reach at most is what they would reach in fractions, of as much as their units can add up to.
    `is_complete` tells whether nothing was left untried at MAX_NODES.
    """

    def __init__(self, candidates: Sequence[Candidate], budget: int, known: Units) -> None:
        self.best = list(known)
        self.nodes = 0
        self._candidates = candidates
        self._units = [0] * len(candidates)
        self._least = _open(candidates, known)
        rests = [candidates[n:] for n in range(len(candidates) + 1)]
        self._gaps = [sorted((one.gap for one in rest), reverse=True) for rest in rests]
        self._steps = [gcd(*(one.unit for one in rest)) for rest in rests]
        self._descend(0, budget, 0)

    @property
    def is_complete(self) -> bool:
        return self.nodes < MAX_NODES

    def _descend(self, n: int, left: int, open_: int) -> None:
        """Try the units of candidate `n` with `left` to spend; `open_` counts those before it."""
        one = self._candidates[n]
        if n == len(self._candidates) - 1:
            units = min(one.most, left // one.unit)
            self._note(n, units, open_ + (one.gap - units * one.unit) ** 2)
            return
        left -= left % self._steps[n]
        for units in self._nearest_first(n, left, open_):
            rest, own = left - units * one.unit, open_ + (one.gap - units * one.unit) ** 2
            reachable = rest - rest % self._steps[n + 1]
            if own + least_open(self._gaps[n + 1], reachable) < self._least:
                self._units[n] = units
                self._descend(n + 1, rest, own)

    def _nearest_first(self, n: int, left: int, open_: int) -> Iterator[int]:
        """Give numbers of units by what they leave open at least, while that can be the best.

        What they leave is convex in their number: it only grows away from its least on each side.
        """
        one = self._candidates[n]
        top = min(one.most, left // one.unit)
        wanted = max(one.gap - level(self._gaps[n], left), 0)
        lower, upper = min(wanted // one.unit, top), min(wanted // one.unit, top) + 1

        def bound(units: int) -> int:
            if not 0 <= units <= top:
                return self._least
            own = (one.gap - units * one.unit) ** 2
            return open_ + own + least_open(self._gaps[n + 1], left - units * one.unit)

        below, above = bound(lower), bound(upper)
        while self.nodes < MAX_NODES and min(below, above) < self._least:
            self.nodes += 1
            if below <= above:
                yield lower
                lower -= 1
                below = bound(lower)
            else:
                yield upper
                upper += 1
                above = bound(upper)

    def _note(self, n: int, units: int, open_: int) -> None:
        if open_ < self._least:
            self._least = open_
            self._units[n] = units
            self.best = list(self._units)


def level(gaps: Sequence[int], budget: int) -> int:
    """Return how much of each gap stays open, at least, when fractions close them best.

    `gaps` fall. Those that are no larger than the level are left alone. Rounded up.
    """
    for count, total in reversed(list(enumerate(accumulate(gaps), start=1))):
        over = total - budget
        if over <= 0:
            return 0
        if over <= gaps[count - 1] * count:
            return -(-over // count)
    return gaps[0] if gaps else 0


def least_open(gaps: Sequence[int], budget: int) -> int:
    """Return the least sum of squares that `budget` leaves open in fractions, rounded up."""
    rest = sum(gaps) - budget
    if rest <= 0:
        return 0
    alone = 0
    for count in range(len(gaps), 0, -1):
        if rest <= gaps[count - 1] * count:
            return alone - (-rest * rest // count)
        alone += gaps[count - 1] ** 2
        rest -= gaps[count - 1]
    return alone


def _open(candidates: Sequence[Candidate], units: Units) -> int:
    return sum(
        (one.gap - one.unit * number) ** 2 for one, number in zip(candidates, units, strict=True)
    )
