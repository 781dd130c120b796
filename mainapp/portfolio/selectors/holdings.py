"""A person's holdings at their last recorded quotes."""

from collections.abc import Iterator
from dataclasses import dataclass

from mainapp.accounts.models import User
from mainapp.market.quotes import Quote
from mainapp.market.selectors.tracking import last_quotes
from mainapp.portfolio.allocation import AllocatedRow, Allocation, allocate
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.valuation import Holding, Valuation, ValuedRow, value_rows


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the carteira: what is held, its worth, its share, and the quote they stand on."""

    value: ValuedRow
    share: AllocatedRow
    quote: Quote | None

    @property
    def holding(self) -> Holding:
        return self.value.holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """All of a person's holdings, by symbol; `quotes` are the last recorded ones of the run's kind.

    A holding's `sector` is the wide one: "Financeiro" of "Financeiro (bancos)".
    """

    valuation: Valuation
    allocation: Allocation
    quotes: dict[str, Quote]

    def lines(self) -> Iterator[Line]:
        for value, share in zip(self.valuation.rows, self.allocation.rows, strict=True):
            yield Line(value, share, self.quotes.get(share.symbol))


def portfolio_of(user: User) -> Portfolio:
    """Return what `user` holds and what it is worth: two queries."""
    rows = list(Carteira.objects.filter(owner=user).select_related("ativo"))
    quotes = last_quotes(row.ativo for row in rows)
    valuation = value_rows([_holding(row) for row in rows], quotes)
    return Portfolio(valuation=valuation, allocation=allocate(valuation), quotes=quotes)


def _holding(row: Carteira) -> Holding:
    stock = row.ativo
    return Holding(
        pk=row.pk,
        symbol=stock.symbol,
        name=stock.name,
        sector=stock.sector.partition(" (")[0],
        kind=stock.kind,
        lot=stock.lot,
        nota=row.nota,
        preco_medio=row.preco_medio,
        quantidade=row.quantidade,
    )
