"""Valuation of a portfolio: rows, totals and average purchase prices.

Every rounding is half away from zero: R$ and percent to 2 places, a preço médio to 8.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from mainapp.market.quotes import CENT, Quote

PRICE_STEP = Decimal("0.00000001")
ZERO = Decimal("0.00")
# Enough digits for a price and a quantity of 18 digits each, times a hundred, without rounding.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


class SoldMoreThanHeld(ValueError):
    """A sale of more than the position holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Quantity held and its average price (preço médio), both to 8 places."""

    preco_medio: Decimal
    quantidade: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding(Position):
    """One row of a portfolio. `lot` is the round lot of the stock, in shares."""

    symbol: str
    nota: int
    name: str = ""
    sector: str = ""
    kind: str = ""
    lot: int = 100
    is_traded: bool = True
    pk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedRow:
    """A holding at its price: R$ and percent to 2 places.

    Only `cost` is known without a quote. The day's change is None if the quote has no previous
    close; `result_pct` is None if the holding cost nothing. `day_change_pct` is the stock's own.
    """

    holding: Holding
    cost: Decimal
    price: Decimal | None = None
    total: Decimal | None = None
    result: Decimal | None = None
    result_pct: Decimal | None = None
    previous_total: Decimal | None = None
    day_change: Decimal | None = None
    day_change_pct: Decimal | None = None
    year_low: Decimal | None = None
    year_high: Decimal | None = None

    @property
    def has_quote(self) -> bool:
        return self.price is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Rows in the given order, and totals that add their rounded figures.

    `left_out` names the rows without a quote: they count in no total, not even with their cost.
    `total_value` is the sum of `total`. The day's change covers the rows that have one and is None
    if no row has; a percentage is None if its base is 0.
    """

    rows: tuple[ValuedRow, ...]
    total_value: Decimal
    cost: Decimal
    result: Decimal
    result_pct: Decimal | None
    day_change: Decimal | None
    day_change_pct: Decimal | None
    left_out: tuple[str, ...]


def value_rows(holdings: Iterable[Holding], quotes: Mapping[str, Quote | None]) -> Valuation:
    """Value each holding at the quote of its symbol.

    A missing quote, None, and a price that is not finite and positive all count as no quote.
    """
    rows = tuple(_valued(holding, quotes.get(holding.symbol)) for holding in holdings)
    counted = [row for row in rows if row.has_quote]
    with_change = [row for row in counted if row.day_change is not None]
    cost = add(row.cost for row in counted)
    result = add(row.result for row in counted)
    day_change = add(row.day_change for row in with_change) if with_change else None
    return Valuation(
        rows=rows,
        total_value=add(row.total for row in counted),
        cost=cost,
        result=result,
        result_pct=percent(result, cost),
        day_change=day_change,
        day_change_pct=percent(day_change, add(row.previous_total for row in with_change)),
        left_out=tuple(row.holding.symbol for row in rows if not row.has_quote),
    )


def after_buy(
    position: Position, *, quantity: Decimal, price: Decimal, costs: Decimal = ZERO
) -> Position:
    """Return the position after buying `quantity` at `price` each, plus `costs` (R$) in total.

    The preço médio is the average of all purchases weighted by quantity, costs included, to 8
    places. A position of quantity 0 does not contribute its old average.
    Raises: ValueError for a quantity not above 0.
    """
    if quantity <= 0:
        raise ValueError("the quantity of a purchase must be above 0")
    held = EXACT.add(position.quantidade, quantity)
    paid = EXACT.add(EXACT.multiply(quantity, price), costs)
    before = EXACT.multiply(position.quantidade, position.preco_medio)
    average = EXACT.divide(EXACT.add(before, paid), held)
    return Position(preco_medio=average.quantize(PRICE_STEP, context=EXACT), quantidade=held)


def after_sale(position: Position, *, quantity: Decimal) -> Position:
    """Return the position after a sale: the preço médio stays, or is 0 once everything is sold.

    Raises: SoldMoreThanHeld; ValueError for a quantity not above 0.
    """
    if quantity <= 0:
        raise ValueError("the quantity of a sale must be above 0")
    if quantity > position.quantidade:
        raise SoldMoreThanHeld(position.quantidade)
    held = EXACT.subtract(position.quantidade, quantity)
    return Position(preco_medio=position.preco_medio if held else Decimal(0), quantidade=held)


def times(price: Decimal, quantity: Decimal) -> Decimal:
    """Return price times quantity in R$ to the cent."""
    return to_cents(EXACT.multiply(price, quantity))


def percent(part: Decimal | None, whole: Decimal) -> Decimal | None:
    """Return `part` in percent of `whole` to 2 places; None without a part or with a whole of 0."""
    if part is None or not whole:
        return None
    return to_cents(EXACT.divide(EXACT.multiply(part, Decimal(100)), whole))


def to_cents(amount: Decimal) -> Decimal:
    """Round half-up to 2 places; the result is never a negative zero."""
    return EXACT.add(amount.quantize(CENT, context=EXACT), ZERO)


def add(amounts: Iterable[Decimal | None]) -> Decimal:
    """Return the sum of `amounts`, with None counted as 0."""
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount or ZERO)
    return total


def _valued(holding: Holding, quote: Quote | None) -> ValuedRow:
    cost = times(holding.preco_medio, holding.quantidade)
    if quote is None or not (quote.price.is_finite() and quote.price > 0):
        return ValuedRow(holding=holding, cost=cost)
    total = times(quote.price, holding.quantidade)
    result = EXACT.subtract(total, cost)
    previous = times(quote.previous_close, holding.quantidade) if quote.previous_close else None
    return ValuedRow(
        holding=holding,
        cost=cost,
        price=quote.price,
        total=total,
        result=result,
        result_pct=percent(result, cost),
        previous_total=previous,
        day_change=None if previous is None else EXACT.subtract(total, previous),
        day_change_pct=None if quote.change_pct is None else to_cents(quote.change_pct),
        year_low=quote.year_low,
        year_high=quote.year_high,
    )
