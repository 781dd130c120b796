"""Próximo aporte: whole shares to buy with an amount of cash, without selling."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from fractions import Fraction

from mainapp.core.prices import LEAST_PLACES, MOST_PLACES, places_of
from mainapp.market.quotes import CENT
from mainapp.portfolio.allocation.greedy import fill, improve
from mainapp.portfolio.allocation.search import Search
from mainapp.portfolio.allocation.units import Candidate, cost_of
from mainapp.portfolio.valuation import EXACT, ValuedRow, add, times

EXACT_UP_TO = 4  # rows; promised by CONTRACTS §6
HALF_CENT: int = 10**MOST_PLACES // 200  # in units


class Reason(StrEnum):
    """Outcome of a plan: BUY, or the reason for buying nothing."""

    BUY = "buy"
    NO_CASH = "no_cash"
    NO_QUOTE = "no_quote"
    NO_NOTA = "no_nota"
    TOO_LITTLE = "too_little"
    AT_IDEAL = "at_ideal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy:
    """Shares to buy of one stock: `lot_shares` in whole lots, the others as fractional."""

    symbol: str
    price: Decimal
    shares: int
    lot_shares: int
    cost: Decimal

    @property
    def fractional_shares(self) -> int:
        return self.shares - self.lot_shares

    @property
    def orders(self) -> tuple[tuple[str, int], ...]:
        """Return the orders as (ticker, shares): (("PETR4", 200), ("PETR4F", 35))."""
        orders = ((self.symbol, self.lot_shares), (f"{self.symbol}F", self.fractional_shares))
        return tuple((ticker, shares) for ticker, shares in orders if shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Purchases in the order of the rows, with the R$ spent and left, to the cent.

    `reason` is BUY, or explains an empty plan: no cash, no row with a quote, no nota above 0, too
    little cash for one unit of any row below its ideal, or no purchase that brings a row nearer.
    """

    buys: tuple[Buy, ...]
    cash: Decimal
    spent: Decimal
    left: Decimal
    reason: Reason


def next_contribution(
    rows: Sequence[ValuedRow], cash: Decimal, *, whole_lots: bool = False
) -> Plan:
    """Return the purchases that minimise the sum of (actual - ideal)² in R$.

    A row's ideal is its nota's share of the portfolio's value *plus* the cash, in R$, not rounded.
    The target therefore does not depend on the purchases, and no row is bought past its ideal to
    help another. Rows without a quote, and of stocks that are no longer traded, are ignored,
    together with their nota. Shares are whole; with `whole_lots` only whole lots are bought,
    otherwise the fractional market fills up a lot.
    Of two equally good plans the cheaper one wins. `cash` is cut to the centavo; some may be left.

    Exact if at most 4 rows are below their ideal. The search is bounded: it settles for its best
    plan so far when prices are very small compared with the cash. With more rows the plan is never
    worse than repeatedly buying the single unit that helps most.
    The order of the rows does not change the plan. Cost: at most about 0.1 s for 200 rows.
    """
    cash = max(cash, Decimal(0)).quantize(CENT, ROUND_FLOOR, context=EXACT)
    counted = _counted(rows)
    candidates = _candidates(counted, cash, whole_lots=whole_lots)
    shares = _choose(candidates, budget=_budget(counted, cash))
    buys = tuple(
        _buy(row, shares[row.holding.symbol] * _step(row, whole_lots=whole_lots))
        for row in counted
        if shares.get(row.holding.symbol)
    )
    spent = add(buy.cost for buy in buys)
    return Plan(
        buys=buys,
        cash=cash,
        spent=spent,
        left=EXACT.subtract(cash, spent),
        reason=Reason.BUY if buys else _reason(counted, candidates, cash),
    )


def deviation(rows: Sequence[ValuedRow], cash: Decimal, shares: Mapping[str, int]) -> Fraction:
    """Return the exact sum of (actual - ideal)² in R$ after buying `shares`."""
    counted = _counted(rows)
    notas = _notas(counted)
    whole = Fraction(add([cash, *(row.total for row in counted)]))
    total = Fraction(0)
    for row in counted:
        bought = shares.get(row.holding.symbol, 0) * Fraction(row.price or 0)
        ideal = whole * row.holding.nota / notas if notas else Fraction(0)
        total += (Fraction(row.total or 0) + bought - ideal) ** 2
    return total


def _counted(rows: Sequence[ValuedRow]) -> list[ValuedRow]:
    return [row for row in rows if row.has_quote and row.holding.is_traded]


def _candidates(
    counted: Sequence[ValuedRow], cash: Decimal, *, whole_lots: bool
) -> list[Candidate]:
    """Return the rows below their ideal, with amounts in units times the sum of the notas."""
    notas = _notas(counted)
    whole = _units(add([cash, *(row.total for row in counted)]))
    candidates = []
    for row in counted:
        step = _step(row, whole_lots=whole_lots)
        gap = row.holding.nota * whole - notas * _units(row.total)
        unit = notas * _units(row.price) * step
        if gap > 0 and unit > 0:
            candidates.append(Candidate(row.holding.symbol, gap=gap, unit=unit))
    return candidates


def _choose(candidates: Iterable[Candidate], budget: int) -> dict[str, int]:
    """Return the number of units of each symbol that closes the gaps best within `budget`."""
    useful = [each for each in candidates if each.most and each.unit <= budget]
    useful.sort(key=lambda candidate: (-candidate.unit, candidate.symbol))
    units = [candidate.most for candidate in useful]
    if cost_of(useful, units) > budget:
        units = improve(useful, fill(useful, [0] * len(useful), budget), budget)
        if len(useful) <= EXACT_UP_TO:
            units = Search(useful, budget, units).best
    return {candidate.symbol: count for candidate, count in zip(useful, units, strict=True)}


def _buy(row: ValuedRow, shares: int) -> Buy:
    assert row.price is not None
    lot = max(row.holding.lot, 1)
    return Buy(
        symbol=row.holding.symbol,
        price=row.price,
        shares=shares,
        lot_shares=shares // lot * lot,
        cost=times(row.price, Decimal(shares)),
    )


def _reason(counted: Sequence[ValuedRow], candidates: Sequence[Candidate], cash: Decimal) -> Reason:
    if not counted:
        return Reason.NO_QUOTE
    if not cash:
        return Reason.NO_CASH
    notas = _notas(counted)
    if not notas:
        return Reason.NO_NOTA
    is_below_ideal = any(candidate.most for candidate in candidates)
    return Reason.TOO_LITTLE if is_below_ideal else Reason.AT_IDEAL


def _step(row: ValuedRow, *, whole_lots: bool) -> int:
    return max(row.holding.lot, 1) if whole_lots else 1


def _notas(rows: Sequence[ValuedRow]) -> int:
    return sum(row.holding.nota for row in rows)


def _budget(counted: Sequence[ValuedRow], cash: Decimal) -> int:
    """Return the cash in units times the sum of the notas.

    The cost of a row is rounded to cents, which a price with parts of a cent may raise by half of
    one.
    """
    fine = sum(row.price is not None and places_of(row.price) > LEAST_PLACES for row in counted)
    return max(0, _units(cash) - fine * HALF_CENT) * _notas(counted)


def _units(amount: Decimal | None) -> int:
    """Return an amount of reais in integers of its smallest part, that of a pair's price."""
    return int(EXACT.multiply(amount or Decimal(0), Decimal(10**MOST_PLACES)))
