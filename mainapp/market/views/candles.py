"""Candles as JSON, and the load of those that are missing."""

import logging
from datetime import datetime
from typing import Any

import redis
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from mainapp.market import tasks
from mainapp.market.models import Stock
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.quotes import Bar, amount_on_wire
from mainapp.market.selectors import candles as candle_rows
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.services import history
from mainapp.market.symbols import INDEX, market_of
from mainapp.market.views.requested import (
    checked,
    requested_interval,
    requested_range,
    requested_stock,
)

logger = logging.getLogger(__name__)

SYMBOLS_A_TASK = 20
TASK_EXPIRES_S = 300


@never_cache
def candles(request: HttpRequest) -> JsonResponse:
    """Return a stock's candles, or for several tickers or `sparklines` today's closes."""
    tickers = request.GET.getlist("ticker")
    if len(tickers) > 1 or "sparklines" in request.GET:
        return _sparklines(tickers, may_load="recorded" not in request.GET)
    stock = requested_stock(request.GET.get("ticker", INDEX))
    range_ = requested_range(request)
    interval = requested_interval(request, range_)
    stock = stock.renamed_to or stock
    at = timezone.now()
    stored, source = candle_rows.stored_bars(stock=stock, range_=range_, interval=interval, at=at)
    is_month_of_minutes = interval in candle_rows.MINUTES and range_ == "1mo"
    load = request_history(stock, "5d" if is_month_of_minutes else range_, bars=stored, at=at)
    bars = candle_rows.merged_bars(stored, interval=interval)
    body = {
        "symbol": stock.symbol,
        "range": range_,
        "interval": interval,
        "places": stock.price_places,
        "bars": [_wire(bar.written(stock.price_places)) for bar in bars],
        "begins_late": candle_rows.begins_late(
            stored, range_=range_, interval=interval, at=at, market=market_of(stock.symbol)
        ),
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
    if not stock.is_active or history.is_complete(
        bars, range_=range_, at=at, market=market_of(symbol)
    ):
        return history.Load("ok")
    try:
        load = history.claim_load(symbol=symbol, range_=range_)
        if load.claimed:
            _start([symbol], range_)
    except (redis.RedisError, tasks.load_history.OperationalError) as error:
        logger.warning("the history of %s cannot be requested: %s", symbol, error)
        return history.Load("failed", retry_after_s=5)
    return load


def _sparklines(tickers: list[str], *, may_load: bool) -> JsonResponse:
    named = stocks_named([checked(text) for text in tickers[:SYMBOL_LIMIT_USER]])
    stocks = {stock.pk: stock for stock in named.values() if stock.is_active}.values()
    closes = candle_rows.day_closes(stocks=stocks, at=timezone.now())
    loading: set[str] = set()
    try:
        symbols = list(closes) if may_load else []
        claimed, loading = history.claim_day_loads(symbols=symbols)
        for first in range(0, len(claimed), SYMBOLS_A_TASK):
            _start(claimed[first : first + SYMBOLS_A_TASK], "1d")
    except (redis.RedisError, tasks.load_history.OperationalError) as error:
        logger.warning("the day's history cannot be requested: %s", error)
    status = "loading" if loading else "ok"
    return JsonResponse({"range": "1d", "status": status, "closes": closes})


def _start(symbols: list[str], range_: str) -> None:
    tasks.load_history.apply_async(args=(symbols, range_), expires=TASK_EXPIRES_S)


def _wire(bar: Bar) -> dict[str, Any]:
    prices = {name: getattr(bar, name) for name in ("open", "high", "low", "close")}
    return {
        "time": int(bar.starts_at.timestamp()),
        **{name: f"{price:f}" for name, price in prices.items()},
        "volume": amount_on_wire(bar.volume),
    }
