"""Holdings of a user."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from mainapp.accounts.models import User
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.valuation import Holding, Valuation, ValuedRow, value_rows


def holdings_of(user: User) -> list[Holding]:
    """Return the rows of `user` as values, by symbol; one query."""
    rows = Carteira.objects.filter(owner=user).select_related("ativo").order_by("ativo__symbol")
    return [holding_of(row) for row in rows]


def holding_of(row: Carteira) -> Holding:
    stock = row.ativo
    return Holding(
        pk=row.pk,
        symbol=stock.symbol,
        name=stock.name,
        sector=stock.sector,
        kind=stock.kind,
        lot=stock.lot,
        is_traded=stock.is_active,
        preco_medio=row.preco_medio,
        quantidade=row.quantidade,
        nota=row.nota,
    )


def valuation_of(user: User) -> Valuation:
    """Return the portfolio of `user` at the last recorded quotes: two queries."""
    holdings = holdings_of(user)
    return value_rows(holdings, last_quotes([holding.symbol for holding in holdings]))


def position_in(user: User, stock: Stock, quote: Quote | None) -> ValuedRow | None:
    """Return what a user holds of one stock, at its quote; None without any. One query."""
    row = own_rows(user).filter(ativo=stock).first()
    if row is None:
        return None
    return value_rows([holding_of(row)], {stock.symbol: quote}).rows[0]


def own_rows(user: User) -> QuerySet[Carteira]:
    """Return the rows of `user`, each with its stock."""
    return Carteira.objects.filter(owner=user).select_related("ativo")


def held_stocks(user: Any) -> "QuerySet[Any, Any]":
    """Return a query of the ids of the stocks that a user holds."""
    return Carteira.objects.filter(owner=user.pk).values("ativo")


def needed_symbols() -> Collection[str]:
    """Return the traded symbols that active users hold; one query."""
    rows = Carteira.objects.filter(owner__is_active=True, ativo=OuterRef("pk"))
    stocks = Stock.objects.filter(Exists(rows), is_active=True)
    return set(stocks.order_by().values_list("symbol", flat=True))
