"""Recorded candles: a chart's range of one stock, and today's closes of many."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet

from mainapp.market.kinds import QuoteKind
from mainapp.market.models import Candle, Stock
from mainapp.market.quotes import Bar, Quote
from mainapp.market.selectors.exchange_days import SOURCE, exchange_bars
from mainapp.market.sessions import SAO_PAULO, is_session_day, next_session_day, sao_paulo_day
from mainapp.market.symbols import B3, Market, market_of

RANGE_DAYS = {"1d": 1, "5d": 5, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "5y": 5 * 366}
# The widths of a chart's bars in each range, the usual one first. Wider bars are merged from stored
# minutes or days. Sources give the minutes of about five sessions; a month of them is what has been
# recorded, at most KEEP_MINUTE_CANDLES_DAYS.
_DAYS = ("1d", "1w")
_LONG = ("1d", "1w", "1mo")
CHART_INTERVALS = {
    "1d": ("5m", "1m", "15m", "60m"),
    "5d": ("15m", "1m", "5m", "60m"),
    "1mo": ("1d", "15m", "60m"),
    **dict.fromkeys(("3mo", "6mo"), _DAYS),
    **dict.fromkeys(("ytd", "1y", "5y", "max"), _LONG),
}
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "60m": 60}
# A source may count a month as fewer days than we do.
LATE_BEGINNING = timedelta(days=5)
SPARKLINE_STEP_S = 300
BAR_COLUMNS = ("starts_at", "open", "high", "low", "close", "volume")


def chart_interval(range_: str) -> str:
    """Return the usual width of a range's bars in the chart."""
    return CHART_INTERVALS[range_][0]


def stored_interval(range_: str, interval: str = "") -> Candle.Interval:
    """Return the width of the stored candles of a range, shown in bars of `interval`."""
    is_of_minutes = (interval or chart_interval(range_)) in MINUTES
    return Candle.Interval.MINUTE if is_of_minutes else Candle.Interval.DAY


def midnight(day: date) -> datetime:
    """Return the start of a day in São Paulo: the slot of its daily candle."""
    return datetime.combine(day, clock(), SAO_PAULO)


def range_start(range_: str, *, at: datetime) -> datetime | None:
    """Return the first slot of a range that ends at `at`, or None for `max`."""
    today = sao_paulo_day(at)
    if range_ == "max":
        return None
    if range_ == "ytd":
        return midnight(today.replace(month=1, day=1))
    return midnight(today - timedelta(days=RANGE_DAYS[range_] - 1))


def chart_bars(
    *, stock: Stock, range_: str, at: datetime, interval: str = ""
) -> tuple[list[Bar], str]:
    """Return a range's bars of a width, oldest first, and the source of the last one."""
    interval = interval or chart_interval(range_)
    bars, source = stored_bars(stock=stock, range_=range_, interval=interval, at=at)
    return merged_bars(bars, interval=interval), source


def stored_bars(*, stock: Stock, range_: str, interval: str, at: datetime) -> tuple[list[Bar], str]:
    """Return a range's stored bars, of minutes or days, for merging into bars of `interval`.

    Ranges of minutes end at the last candle, so that a weekend shows Friday. Weeks and months begin
    with their first day, even if the range begins later. Two queries; for days see `day_bars`.
    """
    if interval not in MINUTES:
        return day_bars(stock=stock, since=_first_slot(range_, interval, at=at))
    candles = _candles(stock, Candle.Interval.MINUTE)
    last = candles.filter(starts_at__lte=at).aggregate(last=Max("starts_at"))["last"]
    candles = _limited(candles, _first_slot(range_, interval, at=last or at))
    rows = list(candles.order_by("starts_at").values_list(*BAR_COLUMNS, "source"))
    return [bar_of(*row[:-1]) for row in rows], rows[-1][-1] if rows else ""


def day_bars(
    *, stock: Stock, since: datetime | None = None, newest: int | None = None
) -> tuple[list[Bar], str]:
    """Return daily bars, oldest first, and the source of the last one; `newest` limits them.

    A simulated market has its own candles only: one query. For a real one see `real_day_bars`.
    """
    if settings.QUOTE_KIND == "real":
        return real_day_bars(stock=stock, since=since, newest=newest)
    candles = _candles(stock, Candle.Interval.DAY).order_by("-starts_at")
    rows = _limited(candles, since).values_list(*BAR_COLUMNS, "source")[:newest]
    return [bar_of(*row[:-1]) for row in rows][::-1], rows[0][-1] if rows else ""


def real_day_bars(
    *,
    stock: Stock,
    since: datetime | None = None,
    before: datetime | None = None,
    newest: int | None = None,
) -> tuple[list[Bar], str]:
    """Return a stock's real daily bars, oldest first, and the source of the last one.

    On its days, B3's own history replaces that of the sources. Two queries; up to three more with
    B3's history.
    """
    candles = _candles(stock, Candle.Interval.DAY, kind="real").order_by("-starts_at")
    rows = _limited(candles, since, before).values_list(*BAR_COLUMNS, "source")[:newest]
    bars = {row[0]: (bar_of(*row[:-1]), row[-1]) for row in rows}
    first, end = (sao_paulo_day(at) if at else None for at in (since, before))
    days = exchange_bars(stock=stock, since=first, before=end, newest=newest)
    bars |= {bar.starts_at: (bar, SOURCE) for bar in days}
    slots = sorted(bars)[-newest if newest else None :]
    return [bars[slot][0] for slot in slots], bars[slots[-1]][1] if slots else ""


def _candles(
    stock: Stock, interval: Candle.Interval, *, kind: QuoteKind | None = None
) -> QuerySet[Candle]:
    rows = Candle.objects.filter(stock=stock, interval=interval)
    return rows.filter(kind=kind or settings.QUOTE_KIND)


def _limited(
    candles: QuerySet[Candle], since: datetime | None, before: datetime | None = None
) -> QuerySet[Candle]:
    if since:
        candles = candles.filter(starts_at__gte=since)
    return candles.filter(starts_at__lt=before) if before else candles


def begins_late(
    bars: list[Bar], *, range_: str, interval: str, at: datetime, market: Market = B3
) -> bool:
    """Return whether the history of a range is missing before its first bar.

    Always False for `max`, whose beginning is unknown, and for one day, in which the first trade
    may be late.
    """
    if not bars or range_ in ("1d", "max"):
        return False
    since = _first_slot(range_, interval, at=bars[-1].starts_at if interval in MINUTES else at)
    assert since is not None
    expected = sao_paulo_day(since)
    if not is_session_day(expected, market):
        expected = next_session_day(expected, market)
    late_by = sao_paulo_day(bars[0].starts_at) - expected
    return late_by > (timedelta() if interval in MINUTES else LATE_BEGINNING)


def _first_slot(range_: str, interval: str, *, at: datetime) -> datetime | None:
    """Return the first slot of a range with bars of `interval`, or None for `max`."""
    since = range_start(range_, at=at)
    if since and range_ == "5d" and interval in MINUTES:
        since -= timedelta(days=2)  # five session days span a weekend
    return since and slot_start(since, interval)


def day_closes(*, stocks: Iterable[Stock], at: datetime) -> dict[str, list[tuple[int, str]]]:
    """Return each symbol's closes of its market's newest recorded day, one per five minutes.

    A close is a pair of epoch seconds and a decimal string; the oldest is first. The query lists
    the exact slots, so that an index serves it: 43,200 lookups for 150 stocks, and no scan. Two
    queries for each market.
    """
    symbols: dict[Market, dict[int, str]] = {}
    for stock in stocks:
        symbols.setdefault(market_of(stock.symbol), {})[stock.pk] = stock.symbol
    closes: dict[str, list[tuple[int, str]]] = {}
    for names in symbols.values():
        closes |= _day_closes(names, at)
    return closes


def _day_closes(symbols: Mapping[int, str], at: datetime) -> dict[str, list[tuple[int, str]]]:
    closes: dict[str, list[tuple[int, str]]] = {symbol: [] for symbol in symbols.values()}
    candles = Candle.objects.filter(
        stock__in=symbols, kind=settings.QUOTE_KIND, interval=Candle.Interval.MINUTE
    )
    last = candles.filter(starts_at__lte=at).aggregate(last=Max("starts_at"))["last"]
    if last is None:
        return closes
    rows = candles.filter(starts_at__in=_day_slots(last)).order_by("starts_at")
    for stock_id, starts_at, close in rows.values_list("stock_id", "starts_at", "close"):
        closes[symbols[stock_id]].append((int(starts_at.timestamp()), f"{close:f}"))
    return closes


def sparkline_points(quotes: Iterable[Quote]) -> dict[str, list[tuple[int, str]]]:
    """Return each quote's day as points for `{% sparkline %}`, the oldest first. One query.

    A point is a pair of epoch seconds and a decimal string: the closes of each ten minutes, then
    the price of the quote itself. The day is that of its market's newest quote; a quote of an
    earlier day has no points.
    """
    timed = {quote.symbol: quote for quote in quotes if quote.quoted_at}
    points: dict[str, list[tuple[int, str]]] = {symbol: [] for symbol in timed}
    if not timed:
        return points
    newest: dict[Market, datetime] = {}
    for symbol, quote in timed.items():
        if at := quote.quoted_at:
            newest[market_of(symbol)] = max(at, newest.get(market_of(symbol), at))
    slots = {market: _day_slots(at)[::2] for market, at in newest.items()}
    rows = Candle.objects.filter(
        stock__symbol__in=timed,
        kind=settings.QUOTE_KIND,
        interval=Candle.Interval.MINUTE,
        starts_at__in=sorted({slot for of_market in slots.values() for slot in of_market}),
    ).order_by("starts_at")
    for symbol, starts_at, close in rows.values_list("stock__symbol", "starts_at", "close"):
        if starts_at >= slots[market_of(symbol)][0]:
            points[symbol].append((int(starts_at.timestamp()), f"{close:f}"))
    for symbol, quote in timed.items():
        at = quote.quoted_at
        if (
            at
            and at >= slots[market_of(symbol)][0]
            and at.timestamp() > (points[symbol] or [(0, "")])[-1][0]
        ):
            points[symbol].append((int(at.timestamp()), f"{quote.price:f}"))
    return points


def _day_slots(last: datetime) -> list[datetime]:
    """Return the start of each five minutes of a day in São Paulo, until `last`."""
    first = midnight(sao_paulo_day(last))
    steps = int((last - first).total_seconds()) // SPARKLINE_STEP_S + 1
    return [first + timedelta(seconds=SPARKLINE_STEP_S * step) for step in range(steps)]


def recent_closes(*, stock: Stock, count: int) -> list[Bar]:
    """Return the last daily bars, newest first; for the cost see `day_bars`."""
    return day_bars(stock=stock, newest=count)[0][::-1]


def slot_start(at: datetime, interval: str) -> datetime:
    """Return the start of the bar that contains a moment: weeks begin on Mondays, in São Paulo."""
    if interval in MINUTES:
        minute = at.minute // MINUTES[interval] * MINUTES[interval]
        return at.replace(minute=minute, second=0, microsecond=0)
    day = sao_paulo_day(at)
    if interval == "1w":
        day -= timedelta(days=day.weekday())
    elif interval == "1mo":
        day = day.replace(day=1)
    return midnight(day)


def merged_bars(bars: list[Bar], *, interval: str) -> list[Bar]:
    """Merge bars of minutes or days, oldest first, into bars of `interval`."""
    if interval in ("1m", "1d"):
        return bars
    slots = groupby(bars, key=lambda bar: slot_start(bar.starts_at, interval))
    return [_merge(starts_at, list(group)) for starts_at, group in slots]


def _merge(starts_at: datetime, bars: list[Bar]) -> Bar:
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    return Bar(
        starts_at=starts_at,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum(volumes) if volumes else None,
    )


def bar_of(starts_at: datetime, *prices: Any) -> Bar:
    """Return the bar of a row of BAR_COLUMNS."""
    open_, high, low, close, volume = prices
    return Bar(starts_at=starts_at, open=open_, high=high, low=low, close=close, volume=volume)
