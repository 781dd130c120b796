"""The page of a paper, at `/ativo/<symbol>/` and at `/graph?ticker=<symbol>`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.core.paths import absolute_url
from mainapp.market.models import Stock
from mainapp.market.selectors.candles import CHART_INTERVALS
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.tracking import TrackedStock
from mainapp.market.symbols import INDEX
from mainapp.market.views.requested import (
    requested_interval,
    requested_range,
    requested_stock,
)

# Each with the label of its link and a longer one for screen readers, which begins with the same
# letters so that speech input matches the visible label.
RANGE_LABELS = (
    ("1d", _("1 d"), _("1 dia")),
    ("5d", _("5 d"), _("5 dias")),
    ("1mo", _("1 m"), _("1 mês")),
    ("3mo", _("3 m"), _("3 meses")),
    ("6mo", _("6 m"), _("6 meses")),
    ("ytd", _("Ano"), _("Ano corrente")),
    ("1y", _("1 a"), _("1 ano")),
    ("5y", _("5 a"), _("5 anos")),
    ("max", _("Máx"), _("Máximo")),
)
INTERVAL_LABELS = (
    ("1m", _("1 min"), _("1 minuto")),
    ("5m", _("5 min"), _("5 minutos")),
    ("15m", _("15 min"), _("15 minutos")),
    ("60m", _("1 h"), _("1 hora")),
    ("1d", _("Dia"), _("Dia")),
    ("1w", _("Semana"), _("Semana")),
    ("1mo", _("Mês"), _("Mês")),
)


def paper(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show a paper. A former code, and other spellings of a code, redirect to today's."""
    stock, range_ = requested_stock(symbol), requested_range(request)
    interval = requested_interval(request, range_)
    if stock.renamed_to:
        address = reverse("paper", args=[stock.renamed_to.symbol])
        return redirect(f"{address}?{_query(range=range_, former=stock.symbol)}")
    if symbol != stock.symbol:
        query = request.GET.urlencode()
        return redirect(reverse("paper", args=[stock.symbol]) + (f"?{query}" if query else ""))
    return _page(request, stock, range_, interval)


def graph(request: HttpRequest) -> HttpResponse:
    """Show the same page at its address of the first version."""
    stock = requested_stock(request.GET.get("ticker", INDEX))
    range_ = requested_range(request)
    interval = requested_interval(request, range_)
    if stock.renamed_to:
        query = _query(ticker=stock.renamed_to.symbol, range=range_, former=stock.symbol)
        return redirect(f"{reverse('graph')}?{query}")
    return _page(request, stock, range_, interval)


def _query(**values: str) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return query.urlencode()


def _page(request: HttpRequest, stock: Stock, range_: str, interval: str) -> HttpResponse:
    quote = last_quotes([stock.symbol]).get(stock.symbol)
    context: dict[str, Any] = {
        "stock": stock,
        "quote": quote,
        "places": TrackedStock(
            stock.symbol, stock.name, quote, is_index=stock.kind == Stock.Kind.INDEX
        ).side_places,
        "turnover": quote.turnover() if quote else None,
        "quotes": {stock.symbol: quote.to_wire()} if quote else {},
        "range": range_,
        "ranges": RANGE_LABELS,
        "interval": interval,
        "intervals": INTERVAL_LABELS,
        "interval_choices": CHART_INTERVALS,
        "index": INDEX,
        "is_index": stock.kind == Stock.Kind.INDEX,
        "is_simulated": settings.QUOTE_KIND != "real",
        "canonical_url": absolute_url(reverse("paper", args=[stock.symbol])),
        **market_status(
            at=timezone.now(),
            newest_at=quote.quoted_at if quote else None,
            symbols=[stock.symbol],
        ),
    }
    return render(request, "mainapp/market/paper.html", context)
