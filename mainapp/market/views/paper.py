"""The page of a paper, at `/ativo/<symbol>/` and at `/graph?ticker=<symbol>`."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.market.models import Stock
from mainapp.market.selectors.candles import recent_closes
from mainapp.market.selectors.facts import stock_facts
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.tracking import TrackedStock
from mainapp.market.symbols import INDEX
from mainapp.market.views.requested import requested_range, requested_stock
from mainapp.market.views.tracker import row_actions

RANGE_NAMES = {
    "1d": _("1 d"),
    "5d": _("5 d"),
    "1mo": _("1 m"),
    "3mo": _("3 m"),
    "6mo": _("6 m"),
    "ytd": _("Ano"),
    "1y": _("1 a"),
    "5y": _("5 a"),
    "max": _("Máx"),
}
CLOSES_SHOWN = 20


def paper(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show a paper. A former code, and other spellings of a code, redirect to today's."""
    stock, range_ = requested_stock(symbol), requested_range(request)
    if stock.renamed_to:
        address = reverse("paper", args=[stock.renamed_to.symbol])
        return redirect(f"{address}?{_query(range=range_, former=stock.symbol)}")
    if symbol != stock.symbol:
        query = request.GET.urlencode()
        return redirect(reverse("paper", args=[stock.symbol]) + (f"?{query}" if query else ""))
    return _page(request, stock, range_)


def graph(request: HttpRequest) -> HttpResponse:
    """Show the same page at its address of the first version."""
    stock = requested_stock(request.GET.get("ticker", INDEX))
    range_ = requested_range(request)
    if stock.renamed_to:
        query = _query(ticker=stock.renamed_to.symbol, range=range_, former=stock.symbol)
        return redirect(f"{reverse('graph')}?{query}")
    return _page(request, stock, range_)


def _query(**values: str) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return query.urlencode()


def _page(request: HttpRequest, stock: Stock, range_: str) -> HttpResponse:
    quote = last_quotes([stock.symbol]).get(stock.symbol)
    row = TrackedStock(stock.symbol, stock.name, quote)
    at = timezone.now()
    context: dict[str, Any] = {
        "stock": stock,
        "quote": quote,
        "places": row.side_places,
        "quotes": {stock.symbol: quote.to_wire()} if quote else {},
        "range": range_,
        "ranges": RANGE_NAMES.items(),
        "facts": stock_facts(stock, on=timezone.localdate(at)),
        "closes": recent_closes(stock=stock, count=CLOSES_SHOWN),
        "index": INDEX,
        "is_index": stock.kind == Stock.Kind.INDEX,
        **market_status(at=at, newest_at=quote.quoted_at if quote else None),
        "actions": row_actions(),
    }
    return render(request, "mainapp/market/graph.html", context)
