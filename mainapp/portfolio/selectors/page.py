"""Data of the carteira page."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mainapp.accounts.models import User
from mainapp.core.table_view import in_order
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.tracking import place_in_range
from mainapp.portfolio.allocation import (
    AllocatedRow,
    Allocation,
    ResultBar,
    ShareBar,
    allocate,
    result_bars,
    share_bars,
)
from mainapp.portfolio.selectors.holdings import holdings_of
from mainapp.portfolio.valuation import Holding, Valuation, ValuedRow, value_rows


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page: the holding's value and share, their bars, and the quote behind them."""

    value: ValuedRow
    share: AllocatedRow
    quote: Quote | None
    result_bar: ResultBar | None
    share_bar: ShareBar | None

    @property
    def holding(self) -> Holding:
        return self.value.holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """All holdings of a user, by symbol, at the last recorded quotes.

    The quotes are simulated or real, as the instance is. A holding's `sector` is the broad one:
    "Financeiro" for "Financeiro (bancos)".
    """

    valuation: Valuation
    allocation: Allocation
    quotes: dict[str, Quote]

    @property
    def lines(self) -> Iterator[Line]:
        results, shares = result_bars(self.valuation), share_bars(self.allocation)
        for value, share in zip(self.valuation.rows, self.allocation.rows, strict=True):
            symbol = share.symbol
            quote = self.quotes.get(symbol)
            yield Line(value, share, quote, results.get(symbol), shares.get(symbol))


def ordered(lines: Iterable[Line], by: str, *, is_ascending: bool) -> list[Line]:
    """Return lines in the order of a column, those without a value last; "" is their own."""
    key = SORT_KEYS.get(by)
    return in_order(lines, key, is_ascending=is_ascending) if key else list(lines)


def portfolio_of(user: User) -> Portfolio:
    """Return the portfolio of `user` at the last quotes. Cost: two queries."""
    holdings = [
        replace(holding, sector=holding.sector.partition(" (")[0]) for holding in holdings_of(user)
    ]
    quotes = last_quotes([holding.symbol for holding in holdings])
    valuation = value_rows(holdings, quotes)
    return Portfolio(valuation=valuation, allocation=allocate(valuation), quotes=quotes)


def _gap(line: Line) -> Decimal | None:
    """Return the amount that a line is below its ideal; 0 above it."""
    if line.share.order is None:
        return None
    return line.share.difference if line.share.order == "buy" else Decimal(0)


def _of_value(name: str) -> Callable[[Line], Any]:
    return lambda line: getattr(line.value, name)


def _of_share(name: str) -> Callable[[Line], Any]:
    return lambda line: getattr(line.share, name)


# By column, as in static/mainapp/js/portfolio/table.js.
SORT_KEYS: dict[str, Callable[[Line], Any]] = {
    "nota": lambda line: line.holding.nota,
    "quantity": lambda line: line.holding.quantidade,
    "average": lambda line: line.holding.preco_medio,
    "today": _of_value("day_change"),
    "order": _gap,
    "year": place_in_range("year_low", "year_high"),
    **{name: _of_value(name) for name in ("price", "total", "result")},
    **{name: _of_share(name) for name in ("actual_pct", "ideal_pct", "ideal", "difference")},
}
