"""The chart of a stock, and candles as JSON."""

import logging
from datetime import datetime
from typing import Any

import redis
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from mainapp.market import tasks
from mainapp.market.models import Stock
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.providers.base import RANGES
from mainapp.market.quotes import Bar
from mainapp.market.selectors import candles as candle_rows
from mainapp.market.selectors.facts import stock_facts
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.tracking import TrackedStock
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.services import history
from mainapp.market.symbols import INDEX, canonical
from mainapp.market.views.tracker import row_actions

logger = logging.getLogger(__name__)

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
SYMBOLS_A_TASK = 20
TASK_EXPIRES_S = 300


def graph(request: HttpRequest) -> HttpResponse:
    stock, range_ = _requested_stock(request), _requested_range(request)
    if stock.renamed_to:
        query = QueryDict(mutable=True)
        query.update({"ticker": stock.renamed_to.symbol, "range": range_, "former": stock.symbol})
        return redirect(f"{reverse('graph')}?{query.urlencode()}")
    quote = last_quotes([stock.symbol]).get(stock.symbol)
    row = TrackedStock(stock.symbol, stock.name, quote)
    at = timezone.now()
    context = {
        "stock": stock,
        "quote": quote,
        "places": row.side_places,
        "quotes": {stock.symbol: quote.to_wire()} if quote else {},
        "range": range_,
        "ranges": RANGE_NAMES.items(),
        "facts": stock_facts(stock, on=timezone.localdate(at)),
        "closes": candle_rows.recent_closes(stock=stock, count=CLOSES_SHOWN),
        "index": INDEX,
        "is_index": stock.kind == Stock.Kind.INDEX,
        **market_status(at=at, newest_at=quote.quoted_at if quote else None),
        "actions": row_actions(),
    }
    return render(request, "mainapp/market/graph.html", context)


@never_cache
def candles(request: HttpRequest) -> JsonResponse:
    """Return a stock's candles, or for several tickers or `sparklines` today's closes."""
    tickers = request.GET.getlist("ticker")
    if len(tickers) > 1 or "sparklines" in request.GET:
        return _sparklines(tickers)
    stock, range_ = _requested_stock(request), _requested_range(request)
    stock = stock.renamed_to or stock
    at = timezone.now()
    bars, source = candle_rows.chart_bars(stock=stock, range_=range_, at=at)
    load = request_history(stock, range_, bars=bars, at=at)
    body = {
        "symbol": stock.symbol,
        "range": range_,
        "interval": candle_rows.chart_interval(range_),
        "bars": [_wire(bar) for bar in bars],
        "status": load.status,
        "retry_after_s": load.retry_after_s,
        "source": source,
    }
    return JsonResponse(body, status=202 if load.status == "loading" else 200)


def request_history(stock: Stock, range_: str, *, bars: list[Bar], at: datetime) -> history.Load:
    """Start the load of an incomplete range; return the state of the load.

    Nothing is requested for a stock that no longer trades: sources have no history of it.
    """
    symbol = stock.symbol
    if not stock.is_active or history.is_complete(bars, range_=range_, at=at):
        return history.Load("ok")
    try:
        load = history.claim_load(symbol=symbol, range_=range_)
        if load.claimed:
            _start([symbol], range_)
    except (redis.RedisError, tasks.load_history.OperationalError) as error:
        logger.warning("the history of %s cannot be requested: %s", symbol, error)
        return history.Load("failed", retry_after_s=5)
    return load


def _sparklines(tickers: list[str]) -> JsonResponse:
    named = stocks_named([_checked(text) for text in tickers[:SYMBOL_LIMIT_USER]])
    stocks = {stock.pk: stock for stock in named.values() if stock.is_active}.values()
    closes = candle_rows.day_closes(stocks=stocks, at=timezone.now())
    loading: set[str] = set()
    try:
        claimed, loading = history.claim_day_loads(symbols=list(closes))
        for first in range(0, len(claimed), SYMBOLS_A_TASK):
            _start(claimed[first : first + SYMBOLS_A_TASK], "1d")
    except (redis.RedisError, tasks.load_history.OperationalError) as error:
        logger.warning("the day's history cannot be requested: %s", error)
    status = "loading" if loading else "ok"
    return JsonResponse({"range": "1d", "status": status, "closes": closes})


def _start(symbols: list[str], range_: str) -> None:
    tasks.load_history.apply_async(args=(symbols, range_), expires=TASK_EXPIRES_S)


def _requested_stock(request: HttpRequest) -> Stock:
    symbol = canonical(_checked(request.GET.get("ticker", INDEX)))
    stock = Stock.objects.filter(symbol=symbol).select_related("renamed_to").first()
    if stock is None:
        raise Http404
    return stock


def _requested_range(request: HttpRequest) -> str:
    range_ = _checked(request.GET.get("range", RANGES[0]))
    if range_ not in RANGES:
        raise Http404
    return range_


def _checked(text: str) -> str:
    if not text.isprintable():
        raise BadRequest("control characters in the query")
    return text


def _wire(bar: Bar) -> dict[str, Any]:
    return {
        "time": int(bar.starts_at.timestamp()),
        "open": f"{bar.open:f}",
        "high": f"{bar.high:f}",
        "low": f"{bar.low:f}",
        "close": f"{bar.close:f}",
        "volume": bar.volume,
    }
