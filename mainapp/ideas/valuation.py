"""Returns of ideas, and the record of an author."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mainapp.ideas.conditions import NEUTRAL, SELL, TARGET

# With fewer decided ideas, rates and means are not shown.
FEW = 5
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An idea with an outcome: its status and its returns in percent; None if not known."""

    status: str
    return_pct: Decimal | None
    index_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A track record. `decided` counts the buys and sells that ended with a known return.

    `hit_pct` is the share of those that reached their target; it and the means are None for fewer
    than FEW. `index_mean_pct` is the mean change of the index over the same days, `excess_pct` the
    mean difference; both are over the ideas for which the index is known.
    """

    published: int
    running: int
    decided: int
    hits: int
    hit_pct: Decimal | None
    mean_pct: Decimal | None
    index_mean_pct: Decimal | None
    excess_pct: Decimal | None

    @property
    def is_short(self) -> bool:
        return self.decided < FEW

    @property
    def missing(self) -> int:
        """The number of further decided ideas before a rate is shown."""
        return max(0, FEW - self.decided)


def return_pct(side: str, start: Decimal | None, end: Decimal | None) -> Decimal | None:
    """Return an idea's return in percent, without costs and proventos; None if it is neutral."""
    if side == NEUTRAL or not start or end is None:
        return None
    change = (end - start) * 100 / start
    return rounded(-change if side == SELL else change)


def change_pct(start: Decimal | None, end: Decimal | None) -> Decimal | None:
    if not start or end is None:
        return None
    return rounded((end - start) * 100 / start)


def rounded(value: Decimal) -> Decimal:
    return value.quantize(HUNDREDTH, ROUND_HALF_UP)


def record_from(*, published: int, running: int, decided: Sequence[Decided]) -> Record:
    known = [idea for idea in decided if idea.return_pct is not None]
    compared = [
        (idea.return_pct, idea.index_pct)
        for idea in known
        if idea.return_pct is not None and idea.index_pct is not None
    ]
    hits = sum(idea.status == TARGET for idea in known)
    is_short = len(known) < FEW
    return Record(
        published=published,
        running=running,
        decided=len(known),
        hits=hits,
        hit_pct=None if is_short else rounded(Decimal(hits) * 100 / len(known)),
        mean_pct=None if is_short else _mean([idea.return_pct or Decimal(0) for idea in known]),
        index_mean_pct=None if is_short else _mean([index for _own, index in compared]),
        excess_pct=None if is_short else _difference(compared),
    )


def _difference(compared: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Return the difference of the two means after rounding, as on the page."""
    own, index = (_mean([pair[n] for pair in compared]) for n in (0, 1))
    return None if own is None or index is None else own - index


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return rounded(sum(values, Decimal(0)) / len(values)) if values else None
