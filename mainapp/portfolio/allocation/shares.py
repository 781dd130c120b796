"""The actual share of each row beside its ideal one, and the slices of the donuts."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from mainapp.portfolio.valuation import (
    EXACT,
    ZERO,
    Holding,
    Valuation,
    ValuedRow,
    add,
    percent,
    to_cents,
)


class Order(StrEnum):
    """What to do with a row: buy below the ideal, else wait; nobody is told to sell."""

    BUY = "buy"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedRow:
    """A row's shares: percent and R$ to 2 places.

    Without a quote all is None; where no counted row has a nota above 0 there is no ideal, and so
    no difference. `difference` is ideal less actual in R$, above 0 exactly where `order` is BUY.
    """

    symbol: str
    actual_pct: Decimal | None
    ideal_pct: Decimal | None
    ideal: Decimal | None
    difference: Decimal | None
    order: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The rows in the valuation's order, and totals that add their rounded figures.

    So a column adds up to its foot, which by the roundings of its rows may be 99.99 or 100.01.
    """

    rows: tuple[AllocatedRow, ...]
    actual_pct: Decimal
    ideal_pct: Decimal | None
    ideal: Decimal | None
    difference: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice of a donut: `key` is a symbol, a sector ("" for none) or a kind."""

    key: str
    total: Decimal
    pct: Decimal


def allocate(valuation: Valuation) -> Allocation:
    """Compare each row's share of the patrimony with its nota's share of all notas.

    A row without a quote is left out here as it is of the totals: its nota does not count, and the
    others share the whole. The ideal in R$ is taken of the exact share, not of the rounded percent.
    """
    counted = [row for row in valuation.rows if row.has_quote]
    notas = sum(row.holding.nota for row in counted)
    rows = tuple(_allocated(row, valuation.patrimony, notas) for row in valuation.rows)
    return Allocation(
        rows=rows,
        actual_pct=add(row.actual_pct for row in rows),
        ideal_pct=add(row.ideal_pct for row in rows) if notas else None,
        ideal=add(row.ideal for row in rows) if notas else None,
        difference=add(row.difference for row in rows) if notas else None,
    )


def slices(valuation: Valuation, by: Literal["symbol", "sector", "kind"]) -> tuple[Slice, ...]:
    """Group the totals for a donut, the largest first, then by key; what is worth 0 is no slice."""
    groups: dict[str, list[Decimal | None]] = defaultdict(list)
    for row in valuation.rows:
        if row.total:
            groups[_key(row.holding, by)].append(row.total)
    made = []
    for key, totals in groups.items():
        total = add(totals)
        made.append(Slice(key=key, total=total, pct=percent(total, valuation.patrimony) or ZERO))
    return tuple(sorted(made, key=lambda one: (-one.total, one.key)))


def _allocated(row: ValuedRow, patrimony: Decimal, notas: int) -> AllocatedRow:
    if row.total is None:
        return AllocatedRow(
            symbol=row.holding.symbol,
            actual_pct=None,
            ideal_pct=None,
            ideal=None,
            difference=None,
            order=None,
        )
    ideal = _part(patrimony, row.holding.nota, notas)
    difference = None if ideal is None else EXACT.subtract(ideal, row.total)
    return AllocatedRow(
        symbol=row.holding.symbol,
        actual_pct=percent(row.total, patrimony) or ZERO,
        ideal_pct=percent(Decimal(row.holding.nota), Decimal(notas)),
        ideal=ideal,
        difference=difference,
        order=Order.BUY if difference and difference > 0 else Order.WAIT,
    )


def _part(patrimony: Decimal, nota: int, notas: int) -> Decimal | None:
    if not notas:
        return None
    return to_cents(EXACT.divide(EXACT.multiply(patrimony, Decimal(nota)), Decimal(notas)))


def _key(holding: Holding, by: Literal["symbol", "sector", "kind"]) -> str:
    return {"symbol": holding.symbol, "sector": holding.sector, "kind": holding.kind}[by]
