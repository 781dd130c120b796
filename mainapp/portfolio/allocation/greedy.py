"""Greedy allocation: repeatedly buy the unit that helps most, then try exchanges."""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace

from mainapp.portfolio.allocation.units import Candidate, Units, cost_of

MAX_ROUNDS = 4
MAX_STEPS = 1000


def fill(candidates: Sequence[Candidate], units: Units, budget: int) -> Units:
    """Add to `units` the affordable unit with the highest gain until no unit has a gain.

    Ties go to the earlier candidate. A large budget is first spent in a single bulk purchase:
    every unit above the lowest gain at which all of them are affordable.
    """
    units = list(units)
    left = budget - cost_of(candidates, units)
    while True:
        open_ = [
            n
            for n, candidate in enumerate(candidates)
            if candidate.unit <= left and units[n] < candidate.most
        ]
        if not open_:
            return units
        if left // min(candidates[n].unit for n in open_) <= MAX_STEPS:
            return _buy_singly(candidates, units, left, open_)
        left = _buy_in_bulk(candidates, units, left, open_)


def improve(candidates: Sequence[Candidate], units: Units, budget: int) -> Units:
    """Exchange units of one candidate for units of another while that helps.

    At most MAX_ROUNDS rounds.
    """
    for _ in range(MAX_ROUNDS):
        before = list(units)
        for n in range(len(candidates)):
            if units[n]:
                _exchange(candidates, units, n, budget)
        units = fill(candidates, units, budget)
        if units == before:
            break
    return units


def _buy_singly(
    candidates: Sequence[Candidate], units: Units, left: int, open_: list[int]
) -> Units:
    queue = [(-candidates[n].gain(1, have=units[n]), n) for n in open_]
    heapify(queue)
    while queue:
        gain, n = queue[0]
        if gain >= 0 or candidates[n].unit > left:
            heappop(queue)
            continue
        units[n] += 1
        left -= candidates[n].unit
        heapreplace(queue, (-candidates[n].gain(1, have=units[n]), n))
    return units


def _buy_in_bulk(candidates: Sequence[Candidate], units: Units, left: int, open_: list[int]) -> int:
    """Buy every unit above the lowest affordable gain, then those at that gain while cash lasts.

    Afterwards at least one candidate is unaffordable, or all have reached their maximum.
    Return the cash left.
    """
    low, high = -1, max(candidates[n].gain(1, have=units[n]) for n in open_)
    while high - low > 1:
        middle = (low + high) // 2
        cost = sum(
            max(candidates[n].count(middle) - units[n], 0) * candidates[n].unit for n in open_
        )
        low, high = (low, middle) if cost <= left else (middle, high)
    for n in open_:
        added = max(candidates[n].count(high) - units[n], 0)
        units[n] += added
        left -= added * candidates[n].unit
    for n in open_:
        if candidates[n].unit <= left and candidates[n].gain(1, have=units[n]) == high > 0:
            units[n] += 1
            left -= candidates[n].unit
    return left


def _exchange(candidates: Sequence[Candidate], units: Units, sold: int, budget: int) -> None:
    """Make the best exchange of units of `sold` for units of another candidate, if any helps.

    Tries two exchanges with each candidate: selling one unit, and selling just enough for one.
    """
    left = budget - cost_of(candidates, units)
    seller = candidates[sold]
    best = (0, 0, 0, 0)
    for n, buyer in enumerate(candidates):
        room = buyer.most - units[n]
        if n == sold or room <= 0:
            continue
        fewest = max(1, -((left - buyer.unit) // seller.unit))
        for removed in {1, fewest}:
            added = min(room, (left + removed * seller.unit) // buyer.unit)
            if removed > units[sold] or not added:
                continue
            gain = buyer.gain(added, have=units[n]) + seller.gain(-removed, have=units[sold])
            if gain > best[0]:
                best = (gain, n, removed, added)
    _, bought, removed, added = best
    units[sold] -= removed
    units[bought] += added
