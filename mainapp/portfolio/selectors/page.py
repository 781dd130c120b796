"""A person's portfolio as its page shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mainapp.accounts.models import User
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.portfolio.allocation import AllocatedRow, Allocation, allocate
from mainapp.portfolio.selectors.holdings import holdings_of
from mainapp.portfolio.valuation import Holding, Valuation, ValuedRow, value_rows


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page: what is held, its worth, its share, and the quote they stand on."""

    value: ValuedRow
    share: AllocatedRow
    quote: Quote | None

    @property
    def holding(self) -> Holding:
        return self.value.holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """All that a person holds, by symbol, at the last recorded quotes of the run's kind.

    A holding's `sector` is the wide one: "Financeiro" of "Financeiro (bancos)".
    """

    valuation: Valuation
    allocation: Allocation
    quotes: dict[str, Quote]

    @property
    def lines(self) -> Iterator[Line]:
        for value, share in zip(self.valuation.rows, self.allocation.rows, strict=True):
            yield Line(value, share, self.quotes.get(share.symbol))


def portfolio_of(user: User) -> Portfolio:
    """Return what `user` holds and what it is worth: two queries."""
    holdings = [
        replace(holding, sector=holding.sector.partition(" (")[0]) for holding in holdings_of(user)
    ]
    quotes = last_quotes([holding.symbol for holding in holdings])
    valuation = value_rows(holdings, quotes)
    return Portfolio(valuation=valuation, allocation=allocate(valuation), quotes=quotes)
