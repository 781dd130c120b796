"""The simulated market: a plausible price of any ticker at any time, the same in every process.

A price is a function of (seed, symbol, second). Days are those of São Paulo and the market is
always open, but history contains only the exchange's session days: the prices of a weekend are
shown live and leave no candle. With `SIMULATED_SPEED` n, one second moves the price as much as n
seconds otherwise would, and days are wider. `SIMULATED_VOLATILITY` scales every movement.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, chain, compress, islice
from pathlib import Path
from typing import Any

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import (
    INTERVALS,
    RANGES,
    Budget,
    Limit,
    Listing,
    ProviderError,
    ReportedEvent,
)
from mainapp.market.providers.simulated.candles import (
    daily_bars,
    first_day,
    first_minute_day,
    minute_bars,
    money,
    quarters,
    sessions_of,
)
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
    year_of,
)
from mainapp.market.providers.simulated.payments import simulated_events
from mainapp.market.providers.simulated.stocks import SimulatedStock, listings, simulated_stock
from mainapp.market.quotes import Bar, Quote
from mainapp.market.sessions import SAO_PAULO, previous_session_day
from mainapp.market.symbols import canonical, market_of

MAX_CACHED = 5000


@dataclass(frozen=True, slots=True)
class Day:
    """Data that is constant during a day: its hours, and the prices of the past year in cents."""

    on: date
    hours: list[Span]
    traded: list[int]
    previous_close: int
    year_high: int
    year_low: int


@dataclass(frozen=True, slots=True)
class Hour:
    """Data that is constant during an hour. `traded` counts shares since midnight."""

    starts_at: datetime
    minutes: list[Span]
    traded: list[int]


@dataclass(frozen=True, slots=True)
class Minute:
    """The state of the day at each second of one minute, in cents and shares."""

    starts_at: datetime
    prices: list[int]
    highs: list[int]
    lows: list[int]
    traded: int
    traded_within: int


class SimulatedProvider:
    """A QuoteProvider without network; caches each symbol's current day, hour and minute."""

    name = "simulated"
    kind: QuoteKind = "simulated"
    lists_all = True
    gives_events = True
    budget: Budget | None = None

    def __init__(
        self,
        *,
        seed: int = 1,
        speed: float = 1.0,
        volatility: float = 1.0,
        data: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._data = data
        self._market = Market(seed, min(max(speed, 0.01), 3600.0), min(max(volatility, 0.0), 10.0))
        self._now = now
        self._days: dict[str, Day] = {}
        self._hours: dict[str, Hour] = {}
        self._minutes: dict[str, Minute] = {}

    @cached_property
    def _names(self) -> dict[str, str]:
        return {listing.symbol: listing.name for listing in self.tickers()}

    def load(self) -> None:
        pass

    def calls_for(self, symbols: Sequence[str]) -> int:
        return 1

    def limits(self) -> list[Limit]:
        return []

    def gives_whole(self, range_: str, interval: str) -> bool:
        return True

    def calls_made(self) -> int:
        return 1

    def tickers(self) -> list[Listing]:
        """Return the stocks in the project's data files."""
        return listings(self._data) if self._data else []

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        at = self._now().astimezone(SAO_PAULO).replace(microsecond=0)
        known = ((symbol, canonical(symbol)) for symbol in symbols)
        return {
            requested: self._quote(requested, symbol, at) for requested, symbol in known if symbol
        }

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        stock_symbol = canonical(symbol)
        if stock_symbol is None or range_ not in RANGES or interval not in INTERVALS:
            raise ProviderError(
                f"no history of {symbol}, {range_}, {interval}", fault="not_given", permanent=True
            )
        at = self._now().astimezone(SAO_PAULO).replace(microsecond=0)
        stock = simulated_stock(self._market.seed, stock_symbol)
        if interval == "1d":
            return daily_bars(self._market, stock, first_day(range_, at.date()), at.date())
        minutes = minute_bars(
            self._market, stock, first_minute_day(range_, interval, at.date()), at
        )
        return minutes if interval == "1m" else quarters(minutes)

    def events(self, symbol: str) -> list[ReportedEvent]:
        stock_symbol = canonical(symbol)
        if stock_symbol is None:
            raise ProviderError(f"no events of {symbol}", fault="not_given", permanent=True)
        stock = simulated_stock(self._market.seed, stock_symbol)
        return simulated_events(
            stock_symbol,
            seed=self._market.seed,
            price=Decimal(round(stock.base_cents)) / 100,
            today=self._now().astimezone(SAO_PAULO).date(),
        )

    def _quote(self, symbol: str, stock_symbol: str, at: datetime) -> Quote:
        stock = simulated_stock(self._market.seed, stock_symbol)
        day = self._day(stock, at.date())
        minute = self._minute(stock, day, at)
        second = at.second
        price, high, low = minute.prices[second], minute.highs[second], minute.lows[second]
        return Quote(
            symbol=symbol,
            name=self._names.get(stock_symbol, ""),
            price=money(stock, price),
            source=self.name,
            kind="simulated",
            quoted_at=at.astimezone(UTC),
            previous_close=money(stock, day.previous_close),
            open=money(stock, cents(stock, day.hours[0].open)),
            high=money(stock, high),
            low=money(stock, low),
            volume=minute.traded + minute.traded_within * (second + 1) // 60,
            market_cap=money(stock, price * stock.outstanding) if stock.outstanding else None,
            year_low=money(stock, min(low, day.year_low)),
            year_high=money(stock, max(high, day.year_high)),
        )

    def _day(self, stock: SimulatedStock, on: date) -> Day:
        cached = self._days.get(stock.symbol)
        if cached and cached.on == on:
            return cached
        highs, lows = self._past_year(stock, on)
        before = previous_session_day(on, market_of(stock.symbol))
        day = Day(
            on=on,
            hours=hours_of(self._market, stock, on, span_of(self._market, stock, on)),
            traded=traded_shares(self._market, stock, on),
            previous_close=cents(stock, span_of(self._market, stock, before).close),
            year_high=cents(stock, max(highs)),
            year_low=cents(stock, min(lows)),
        )
        _cache(self._days, stock.symbol, day)
        return day

    def _hour(self, stock: SimulatedStock, day: Day, at: datetime) -> Hour:
        starts_at = at.replace(minute=0, second=0)
        cached = self._hours.get(stock.symbol)
        if cached and cached.starts_at == starts_at:
            return cached
        hour = Hour(
            starts_at=starts_at,
            minutes=minutes_of(self._market, stock, day.on, at.hour, day.hours[at.hour]),
            traded=traded_minutes(self._market, stock, day.on, at.hour, day.traded),
        )
        _cache(self._hours, stock.symbol, hour)
        return hour

    def _minute(self, stock: SimulatedStock, day: Day, at: datetime) -> Minute:
        starts_at = at.replace(second=0)
        cached = self._minutes.get(stock.symbol)
        if cached and cached.starts_at == starts_at:
            return cached
        hour = self._hour(stock, day, at)
        span, traded = hour.minutes[at.minute], hour.traded[at.minute]
        prices = seconds_of(self._market, stock, starts_at, span)
        before = [*day.hours[: at.hour], *hour.minutes[: at.minute]]
        high = cents(stock, max((past.high for past in before), default=span.open))
        low = cents(stock, min((past.low for past in before), default=span.open))
        minute = Minute(
            starts_at,
            prices,
            highs=[max(high, x) for x in accumulate(prices, max)],
            lows=[min(low, x) for x in accumulate(prices, min)],
            traded=traded,
            traded_within=hour.traded[at.minute + 1] - traded,
        )
        _cache(self._minutes, stock.symbol, minute)
        return minute

    def _past_year(self, stock: SimulatedStock, on: date) -> tuple[list[float], list[float]]:
        """Return the highs and lows of the session days in the 365 days before `on`."""
        first = on - timedelta(days=365)
        years = [year_of(self._market, stock, year) for year in range(first.year, on.year + 1)]
        start = first.timetuple().tm_yday - 1
        had_session = sessions_of(first, on, market_of(stock.symbol))

        def of_sessions(days: Iterable[float]) -> list[float]:
            return list(compress(islice(days, start, None), had_session))

        return (
            of_sessions(chain.from_iterable(year.highs for year in years)),
            of_sessions(chain.from_iterable(year.lows for year in years)),
        )


def _cache(values: dict[str, Any], symbol: str, value: Any) -> None:
    # Any ticker has a price, so a client could request millions of them.
    if len(values) >= MAX_CACHED:
        values.clear()
    values[symbol] = value
