"""Stocks in the site's search."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mainapp.core.search import Result, Section, list_url
from mainapp.market.models import Stock
from mainapp.market.selectors.catalogue import search_stocks
from mainapp.market.selectors.successions import succession_notes
from mainapp.market.templatetags.sectors import kind_name, stock_name


def find_stocks(text: str, *, user: Any, limit: int) -> list[Result]:
    """Return the stocks of `search_stocks`; one query."""
    return [_result(stock) for stock in search_stocks(text, limit)]


def _result(stock: Stock) -> Result:
    return Result(
        title=stock.symbol,
        subtitle=stock_name(stock),
        label=kind_name(stock.kind),
        symbol=stock.symbol,
        is_quoted=True,
        url=reverse("paper", args=[stock.symbol]),
    )


STOCKS = Section(
    name="stocks",
    title=_("Ativos"),
    order=10,
    icon="activity",
    find=find_stocks,
    notes=lambda text: succession_notes([text]),
    more_url=list_url("stockpicker", "ALL"),
)
