"""Simulated history: candles of days, quarters of an hour, and minutes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

from mainapp.market.providers.simulated.paths import (
    Market,
    Span,
    cents,
    hours_of,
    minutes_of,
    seconds_of,
    span_of,
    traded_minutes,
    traded_shares,
)
from mainapp.market.providers.simulated.stocks import SimulatedStock
from mainapp.market.quotes import Bar
from mainapp.market.sessions import SAO_PAULO, is_session_day, previous_session_day
from mainapp.market.symbols import B3, market_of
from mainapp.market.symbols import Market as MarketName

DAYS_BACK = {"5d": 7, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 365, "5y": 1826, "max": 12 * 365}
MINUTES_KEPT_DAYS = {"1m": 7, "15m": 60}


def first_day(range_: str, today: date) -> date:
    """Return the first day of a range of daily bars; for `1d`, the last session day."""
    if range_ == "ytd":
        return date(today.year, 1, 1)
    if range_ == "1d":
        return previous_session_day(today)
    return today - timedelta(days=DAYS_BACK[range_])


def first_minute_day(range_: str, interval: str, today: date) -> date:
    """Return the first day of a range of minute bars; for `1d`, today."""
    if range_ == "1d":
        return today
    return max(first_day(range_, today), today - timedelta(days=MINUTES_KEPT_DAYS[interval]))


def daily_bars(market: Market, stock: SimulatedStock, first: date, today: date) -> list[Bar]:
    """Return the bars of session days from `first` to yesterday; today's is incomplete."""
    return [
        _bar(
            stock,
            datetime.combine(day, time(), SAO_PAULO),
            span_of(market, stock, day),
            traded_shares(market, stock, day)[-1],
        )
        for day in _session_days(stock, first, today)
    ]


def minute_bars(market: Market, stock: SimulatedStock, first: date, at: datetime) -> list[Bar]:
    """Return the minute bars of session days from `first`, and of today even without a session."""
    days = [*_session_days(stock, first, at.date()), at.date()]
    return [bar for day in days for bar in _minutes(market, stock, day, at)]


def quarters(minutes: Iterable[Bar]) -> list[Bar]:
    """Merge one-minute bars into bars of fifteen minutes."""
    groups = groupby(minutes, lambda bar: int(bar.starts_at.timestamp()) // 900)
    return [_sum(list(bars)) for _, bars in groups]


@lru_cache(maxsize=16)
def sessions_of(first: date, end: date, market: MarketName = B3) -> tuple[bool, ...]:
    """Return for each day from `first` to `end` (excluded) whether it has a session."""
    return tuple(
        is_session_day(first + timedelta(days=n), market) for n in range((end - first).days)
    )


def money(stock: SimulatedStock, in_cents: int) -> Decimal:
    return Decimal(in_cents).scaleb(-stock.places)


def _session_days(stock: SimulatedStock, first: date, end: date) -> list[date]:
    sessions = enumerate(sessions_of(first, end, market_of(stock.symbol)))
    return [first + timedelta(days=n) for n, has_session in sessions if has_session]


def _minutes(market: Market, stock: SimulatedStock, on: date, at: datetime) -> Iterator[Bar]:
    """Yield a day's minute bars until `at`; the bar of the current minute is partial."""
    by_hour = traded_shares(market, stock, on)
    starts_at = datetime.combine(on, time(), SAO_PAULO)
    for hour, span in enumerate(hours_of(market, stock, on, span_of(market, stock, on))):
        traded = traded_minutes(market, stock, on, hour, by_hour)
        minutes = minutes_of(market, stock, on, hour, span)
        for minute, start, end in zip(minutes, traded, traded[1:], strict=False):
            if starts_at > at:
                return
            seconds = int((at - starts_at).total_seconds()) + 1
            if seconds < 60:
                prices = seconds_of(market, stock, starts_at, minute)[:seconds]
                yield _partial_bar(stock, prices, starts_at, (end - start) * seconds // 60)
            else:
                yield _bar(stock, starts_at, minute, end - start)
            starts_at += timedelta(minutes=1)


def _partial_bar(stock: SimulatedStock, prices: list[int], starts_at: datetime, shares: int) -> Bar:
    return Bar(
        starts_at=starts_at.astimezone(UTC),
        open=money(stock, prices[0]),
        high=money(stock, max(prices)),
        low=money(stock, min(prices)),
        close=money(stock, prices[-1]),
        volume=shares,
    )


def _bar(stock: SimulatedStock, starts_at: datetime, span: Span, shares: int) -> Bar:
    return Bar(
        starts_at=starts_at.astimezone(UTC),
        open=money(stock, cents(stock, span.open)),
        high=money(stock, cents(stock, span.high)),
        low=money(stock, cents(stock, span.low)),
        close=money(stock, cents(stock, span.close)),
        volume=shares,
    )


def _sum(bars: list[Bar]) -> Bar:
    return Bar(
        starts_at=bars[0].starts_at,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum(bar.volume or 0 for bar in bars),
    )
