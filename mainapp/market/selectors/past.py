"""The recorded bars of the real market, which the replay plays."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from threading import current_thread, main_thread

from django.db import connections
from django.db.models import QuerySet

from mainapp.market.models import Candle, Stock
from mainapp.market.providers.replay import Recording
from mainapp.market.quotes import Bar
from mainapp.market.selectors.candles import BAR_COLUMNS, bar_of, midnight, real_day_bars

LONGEST = timedelta(days=366)  # replayed days
BEFORE = timedelta(days=30)  # a rarely traded stock's previous close
ONE_DAY = timedelta(days=1)


class DatabaseArchive:
    """Recorded bars: the minutes of a day if any are stored, otherwise the days from it on.

    Its callers are threads of their own, whose connections are closed after each call.
    """

    def recordings(self, symbols: Collection[str], on: date) -> Mapping[str, Recording]:
        """Return the recordings of the stocks that have one. Two to five queries a stock."""
        with _connection():
            stocks = {stock.symbol: stock for stock in Stock.objects.filter(symbol__in=symbols)}
            minutes = _minutes(on)
            if not minutes.exists():
                found = {symbol: _days(stock, on, LONGEST) for symbol, stock in stocks.items()}
            else:
                bars = _bars_of(minutes, stocks)
                found = {
                    symbol: _session(bars[symbol], stock, on)
                    if symbol in bars
                    else _days(stock, on, ONE_DAY)
                    for symbol, stock in stocks.items()
                }
            return {symbol: recording for symbol, recording in found.items() if recording}

    def days_before(self, symbol: str, day: date) -> list[Bar]:
        with _connection():
            stock = Stock.objects.filter(symbol=symbol).first()
            return real_day_bars(stock=stock, before=midnight(day))[0] if stock else []


@contextmanager
def _connection() -> Iterator[None]:
    try:
        yield
    finally:
        if current_thread() is not main_thread():
            connections.close_all()


def _minutes(on: date) -> "QuerySet[Candle]":
    return Candle.objects.filter(
        kind="real",
        interval=Candle.Interval.MINUTE,
        starts_at__gte=midnight(on),
        starts_at__lt=midnight(on + ONE_DAY),
    )


def _bars_of(minutes: "QuerySet[Candle]", stocks: Mapping[str, Stock]) -> dict[str, list[Bar]]:
    bars = defaultdict[str, list[Bar]](list)
    rows = minutes.filter(stock__in=stocks.values()).order_by("starts_at")
    for symbol, *values in rows.values_list("stock__symbol", *BAR_COLUMNS):
        bars[symbol].append(bar_of(*values))
    return bars


def _session(bars: list[Bar], stock: Stock, on: date) -> Recording:
    return Recording(bars=bars, is_daily=False, previous_close=_previous_close(stock, on))


def _days(stock: Stock, on: date, length: timedelta) -> Recording | None:
    since, before = midnight(on), midnight(on + length)
    bars, _source = real_day_bars(stock=stock, since=since, before=before)
    if not bars:
        return None
    return Recording(bars=bars, is_daily=True, previous_close=_previous_close(stock, on))


def _previous_close(stock: Stock, on: date) -> Decimal | None:
    since, before = midnight(on - BEFORE), midnight(on)
    bars, _source = real_day_bars(stock=stock, since=since, before=before)
    return bars[-1].close if bars else None
