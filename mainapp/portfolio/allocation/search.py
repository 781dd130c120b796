"""Exact search over a few candidates: branch and bound on whole units."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import gcd

from mainapp.portfolio.allocation.units import Candidate, Units

MAX_NODES = 40_000


class Search:
    """One search that starts from a `known` choice; `best` holds the best choice so far.

    Candidates are tried in the given order; the most expensive unit first prunes best. The bound
    for the remaining candidates is the optimum in fractional units, of the largest amount that
    their units can add up to. `is_complete` is False if the search stopped at MAX_NODES.
    """

    def __init__(self, candidates: Sequence[Candidate], budget: int, known: Units) -> None:
        self.best = list(known)
        self.nodes = 0
        self._candidates = candidates
        self._units = [0] * len(candidates)
        self._least = _open(candidates, known)
        tails = [candidates[n:] for n in range(len(candidates) + 1)]
        self._gaps = [sorted((each.gap for each in tail), reverse=True) for tail in tails]
        self._steps = [gcd(*(each.unit for each in tail)) for tail in tails]
        self._descend(0, budget, 0)

    @property
    def is_complete(self) -> bool:
        return self.nodes < MAX_NODES

    def _descend(self, n: int, left: int, open_: int) -> None:
        """Try unit counts of candidate `n` with `left` to spend.

        `open_` is the sum of squared gaps that the candidates before `n` leave open.
        """
        candidate = self._candidates[n]
        if n == len(self._candidates) - 1:
            units = min(candidate.most, left // candidate.unit)
            self._record(n, units, open_ + (candidate.gap - units * candidate.unit) ** 2)
            return
        left -= left % self._steps[n]
        for units in self._nearest_first(n, left, open_):
            remaining = left - units * candidate.unit
            own = open_ + (candidate.gap - units * candidate.unit) ** 2
            reachable = remaining - remaining % self._steps[n + 1]
            if own + least_open(self._gaps[n + 1], reachable) < self._least:
                self._units[n] = units
                self._descend(n + 1, remaining, own)

    def _nearest_first(self, n: int, left: int, open_: int) -> Iterator[int]:
        """Yield unit counts in the order of their lower bounds, while one can still be the best.

        The bound is convex in the count, so it only grows on either side of its minimum.
        """
        candidate = self._candidates[n]
        top = min(candidate.most, left // candidate.unit)
        wanted = max(candidate.gap - level(self._gaps[n], left), 0)
        lower = min(wanted // candidate.unit, top)
        upper = lower + 1

        def bound(units: int) -> int:
            if not 0 <= units <= top:
                return self._least
            own = (candidate.gap - units * candidate.unit) ** 2
            return open_ + own + least_open(self._gaps[n + 1], left - units * candidate.unit)

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

    def _record(self, n: int, units: int, open_: int) -> None:
        if open_ < self._least:
            self._least = open_
            self._units[n] = units
            self.best = list(self._units)


def level(gaps: Sequence[int], budget: int) -> int:
    """Return the gap that remains of each when fractional purchases close them optimally.

    `gaps` must be sorted in descending order. Gaps at or below the level are not bought.
    Rounded up.
    """
    for count, total in reversed(list(enumerate(accumulate(gaps), start=1))):
        over = total - budget
        if over <= 0:
            return 0
        if over <= gaps[count - 1] * count:
            return -(-over // count)
    return gaps[0] if gaps else 0


def least_open(gaps: Sequence[int], budget: int) -> int:
    """Return the least sum of squared gaps after spending `budget` in fractions, rounded up."""
    uncovered = sum(gaps) - budget
    if uncovered <= 0:
        return 0
    untouched = 0
    for count in range(len(gaps), 0, -1):
        if uncovered <= gaps[count - 1] * count:
            return untouched - (-uncovered * uncovered // count)
        untouched += gaps[count - 1] ** 2
        uncovered -= gaps[count - 1]
    return untouched


def _open(candidates: Sequence[Candidate], units: Units) -> int:
    return sum(
        (candidate.gap - candidate.unit * count) ** 2
        for candidate, count in zip(candidates, units, strict=True)
    )
