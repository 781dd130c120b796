"""Buy again and again the unit that helps most, then exchange a few where that helps more."""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace

from mainapp.portfolio.allocation.units import Candidate, Units, cost_of

MAX_ROUNDS = 4
MAX_STEPS = 1000


def fill(candidates: Sequence[Candidate], units: Units, budget: int) -> Units:
    """Add to `units`, one by one, the affordable unit with the highest gain, until none has any.

    Of equal gains the earlier candidate's comes first. The first stretch of a large budget is
    taken in one stride: to the lowest gain above which everything can be paid.
    """
    units = list(units)
    left = budget - cost_of(candidates, units)
    while True:
        open_ = [n for n, one in enumerate(candidates) if one.unit <= left and units[n] < one.most]
        if not open_:
            return units
        if left // min(candidates[n].unit for n in open_) <= MAX_STEPS:
            return _step(candidates, units, left, open_)
        left = _stride(candidates, units, left, open_)


def improve(candidates: Sequence[Candidate], units: Units, budget: int) -> Units:
    """Sell some units of one for some of another while that helps, in MAX_ROUNDS rounds at most."""
    for _ in range(MAX_ROUNDS):
        before = list(units)
        for n in range(len(candidates)):
            if units[n]:
                _exchange(candidates, units, n, budget)
        units = fill(candidates, units, budget)
        if units == before:
            break
    return units


def _step(candidates: Sequence[Candidate], units: Units, left: int, open_: list[int]) -> Units:
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


def _stride(candidates: Sequence[Candidate], units: Units, left: int, open_: list[int]) -> int:
    """Buy every unit above the lowest affordable gain, and of those at it what can be paid.

    At least one candidate can then not be paid any more, or all are bought to their most.
    """
    low, high = -1, max(candidates[n].gain(1, have=units[n]) for n in open_)
    while high - low > 1:
        middle = (low + high) // 2
        cost = sum(
            max(candidates[n].count(middle) - units[n], 0) * candidates[n].unit for n in open_
        )
        low, high = (low, middle) if cost <= left else (middle, high)
    for n in open_:
        more = max(candidates[n].count(high) - units[n], 0)
        units[n] += more
        left -= more * candidates[n].unit
    for n in open_:
        if candidates[n].unit <= left and candidates[n].gain(1, have=units[n]) == high > 0:
            units[n] += 1
            left -= candidates[n].unit
    return left


def _exchange(candidates: Sequence[Candidate], units: Units, sold: int, budget: int) -> None:
    """Make the best exchange of some units of `sold` for some of another, if any helps.

    Tried with each other candidate: one unit for as many as that pays, and as few as pay for one.
    """
    left = budget - cost_of(candidates, units)
    seller = candidates[sold]
    best = (0, 0, 0, 0)
    for n, one in enumerate(candidates):
        room = one.most - units[n]
        if n == sold or room <= 0:
            continue
        fewest = max(1, -((left - one.unit) // seller.unit))
        for fewer in {1, fewest}:
            more = min(room, (left + fewer * seller.unit) // one.unit)
            if fewer > units[sold] or not more:
                continue
            help_ = one.gain(more, have=units[n]) + seller.gain(-fewer, have=units[sold])
            if help_ > best[0]:
                best = (help_, n, fewer, more)
    _, bought, fewer, more = best
    units[sold] -= fewer
    units[bought] += more
