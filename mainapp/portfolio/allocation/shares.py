"""Actual and ideal share of each row, and the slices of the donut charts."""

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
    """Advice for a row: buy below the ideal, otherwise wait. Selling is never advised."""

    BUY = "buy"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedRow:
    """A row's shares: percent and R$ to 2 places.

    All fields are None without a quote. If no row with a quote has a nota above 0, ideal and
    difference are None. `difference` is ideal minus actual in R$; `order` is BUY exactly if it is
    above 0.
    """

    symbol: str
    actual_pct: Decimal | None
    ideal_pct: Decimal | None
    ideal: Decimal | None
    difference: Decimal | None
    order: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Rows in the valuation's order, and totals that add the rounded figures of the rows.

    A column therefore adds up to its total, which may be 99.99 or 100.01 because of rounding.
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
    """Compare each row's share of the portfolio's value with its nota's share of all notas.

    Rows without a quote are ignored, as they are in the totals: their nota does not count, and the
    others share the whole. The ideal in R$ uses the exact share, not the rounded percentage.
    """
    counted = [row for row in valuation.rows if row.has_quote]
    notas = sum(row.holding.nota for row in counted)
    rows = tuple(_allocated(row, valuation.total_value, notas) for row in valuation.rows)
    return Allocation(
        rows=rows,
        actual_pct=add(row.actual_pct for row in rows),
        ideal_pct=add(row.ideal_pct for row in rows) if notas else None,
        ideal=add(row.ideal for row in rows) if notas else None,
        difference=add(row.difference for row in rows) if notas else None,
    )


def slices(valuation: Valuation, by: Literal["symbol", "sector", "kind"]) -> tuple[Slice, ...]:
    """Group the totals for a donut: largest first, then by key; rows worth 0 are skipped."""
    groups: dict[str, list[Decimal | None]] = defaultdict(list)
    for row in valuation.rows:
        if row.total:
            groups[_key(row.holding, by)].append(row.total)
    result = []
    for key, totals in groups.items():
        total = add(totals)
        result.append(
            Slice(key=key, total=total, pct=percent(total, valuation.total_value) or ZERO)
        )
    return tuple(sorted(result, key=lambda each: (-each.total, each.key)))


def _allocated(row: ValuedRow, total_value: Decimal, notas: int) -> AllocatedRow:
    if row.total is None:
        return AllocatedRow(
            symbol=row.holding.symbol,
            actual_pct=None,
            ideal_pct=None,
            ideal=None,
            difference=None,
            order=None,
        )
    ideal = _ideal(total_value, row.holding.nota, notas)
    difference = None if ideal is None else EXACT.subtract(ideal, row.total)
    return AllocatedRow(
        symbol=row.holding.symbol,
        actual_pct=percent(row.total, total_value) or ZERO,
        ideal_pct=percent(Decimal(row.holding.nota), Decimal(notas)),
        ideal=ideal,
        difference=difference,
        order=Order.BUY if difference and difference > 0 else Order.WAIT,
    )


def _ideal(total_value: Decimal, nota: int, notas: int) -> Decimal | None:
    if not notas:
        return None
    return to_cents(EXACT.divide(EXACT.multiply(total_value, Decimal(nota)), Decimal(notas)))


def _key(holding: Holding, by: Literal["symbol", "sector", "kind"]) -> str:
    return {"symbol": holding.symbol, "sector": holding.sector, "kind": holding.kind}[by]
