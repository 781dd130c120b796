"""The simulated market: any ticker has a believable price at any time, the same in every process.

A price is a function of (seed, symbol, second). The days are São Paulo's, open around the clock;
history has only the exchange's session days, so a weekend's prices are shown while they last and
leave no candle. `SIMULATED_SPEED` n lets a second move the price as much as n seconds would, with
wider days; `SIMULATED_VOLATILITY` scales every movement.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, chain, compress, islice
from pathlib import Path
from typing import Any

from mainapp.market.providers.base import INTERVALS, RANGES, Budget, Listing, ProviderError
from mainapp.market.providers.simulated.candles import (
    daily_bars,
    first_day,
    first_minute_day,
    minute_bars,
    money,
    quarters,
    sessions_of,
)
from mainapp.market.providers.simulated.papers import Paper, listings, paper
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
from mainapp.market.quotes import Bar, Quote
from mainapp.market.sessions import SAO_PAULO, previous_session_day
from mainapp.market.symbols import canonical

MAX_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Day:
    """What does not change while a day lasts: its hours, and what lies behind it, in cents."""

    on: date
    hours: list[Span]
    traded: list[int]
    previous_close: int
    year_high: int
    year_low: int


@dataclass(frozen=True, slots=True)
class Hour:
    """What does not change while an hour lasts; `traded` counts shares since midnight."""

    starts_at: datetime
    minutes: list[Span]
    traded: list[int]


@dataclass(frozen=True, slots=True)
class Minute:
    """The day so far at each second of one minute, in cents and shares."""

    starts_at: datetime
    prices: list[int]
    highs: list[int]
    lows: list[int]
    traded: int
    traded_within: int


class SimulatedProvider:
    """A QuoteProvider that needs no network; remembers each symbol's current day and minute."""

    name = "simulated"
    simulated = True
    lists_all = True
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

    def calls_made(self) -> int:
        return 1

    def tickers(self) -> list[Listing]:
        """Return the project's own catalogue: it has no other."""
        return listings(self._data) if self._data else []

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        at = self._now().astimezone(SAO_PAULO).replace(microsecond=0)
        known = ((symbol, canonical(symbol)) for symbol in symbols)
        return {asked: self._quote(asked, symbol, at) for asked, symbol in known if symbol}

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        traded_as = canonical(symbol)
        if traded_as is None or range_ not in RANGES or interval not in INTERVALS:
            raise ProviderError(
                f"no history of {symbol}, {range_}, {interval}", fault="not_given", permanent=True
            )
        at = self._now().astimezone(SAO_PAULO).replace(microsecond=0)
        it = paper(self._market.seed, traded_as)
        if interval == "1d":
            return daily_bars(self._market, it, first_day(range_, at.date()), at.date())
        minutes = minute_bars(self._market, it, first_minute_day(range_, interval, at.date()), at)
        return minutes if interval == "1m" else quarters(minutes)

    def _quote(self, symbol: str, traded_as: str, at: datetime) -> Quote:
        it = paper(self._market.seed, traded_as)
        day = self._day(it, at.date())
        minute = self._minute(it, day, at)
        second = at.second
        price, high, low = minute.prices[second], minute.highs[second], minute.lows[second]
        return Quote(
            symbol=symbol,
            name=self._names.get(traded_as, ""),
            price=money(price),
            source=self.name,
            simulated=True,
            quoted_at=at.astimezone(UTC),
            previous_close=money(day.previous_close),
            open=money(cents(it, day.hours[0].open)),
            high=money(high),
            low=money(low),
            volume=minute.traded + minute.traded_within * (second + 1) // 60,
            market_cap=money(price * it.outstanding) if it.outstanding else None,
            year_low=money(min(low, day.year_low)),
            year_high=money(max(high, day.year_high)),
        )

    def _day(self, it: Paper, on: date) -> Day:
        known = self._days.get(it.symbol)
        if known and known.on == on:
            return known
        highs, lows = self._year_behind(it, on)
        before = previous_session_day(on)
        day = Day(
            on=on,
            hours=hours_of(self._market, it, on, span_of(self._market, it, on)),
            traded=traded_shares(self._market, it, on),
            previous_close=cents(it, span_of(self._market, it, before).close),
            year_high=cents(it, max(highs)),
            year_low=cents(it, min(lows)),
        )
        _remember(self._days, it.symbol, day)
        return day

    def _hour(self, it: Paper, day: Day, at: datetime) -> Hour:
        starts_at = at.replace(minute=0, second=0)
        known = self._hours.get(it.symbol)
        if known and known.starts_at == starts_at:
            return known
        hour = Hour(
            starts_at=starts_at,
            minutes=minutes_of(self._market, it, day.on, at.hour, day.hours[at.hour]),
            traded=traded_minutes(self._market, it, day.on, at.hour, day.traded),
        )
        _remember(self._hours, it.symbol, hour)
        return hour

    def _minute(self, it: Paper, day: Day, at: datetime) -> Minute:
        starts_at = at.replace(second=0)
        known = self._minutes.get(it.symbol)
        if known and known.starts_at == starts_at:
            return known
        hour = self._hour(it, day, at)
        span, traded = hour.minutes[at.minute], hour.traded[at.minute]
        prices = seconds_of(self._market, it, starts_at, span)
        before = [*day.hours[: at.hour], *hour.minutes[: at.minute]]
        high = cents(it, max((past.high for past in before), default=span.open))
        low = cents(it, min((past.low for past in before), default=span.open))
        minute = Minute(
            starts_at,
            prices,
            highs=[max(high, x) for x in accumulate(prices, max)],
            lows=[min(low, x) for x in accumulate(prices, min)],
            traded=traded,
            traded_within=hour.traded[at.minute + 1] - traded,
        )
        _remember(self._minutes, it.symbol, minute)
        return minute

    def _year_behind(self, it: Paper, on: date) -> tuple[list[float], list[float]]:
        """Return the highs and the lows of the session days of the 365 days before `on`."""
        first = on - timedelta(days=365)
        years = [year_of(self._market, it, year) for year in range(first.year, on.year + 1)]
        start = first.timetuple().tm_yday - 1
        had_session = sessions_of(first, on)

        def of_sessions(days: Iterable[float]) -> list[float]:
            return list(compress(islice(days, start, None), had_session))

        return (
            of_sessions(chain.from_iterable(year.highs for year in years)),
            of_sessions(chain.from_iterable(year.lows for year in years)),
        )


def _remember(known: dict[str, Any], symbol: str, value: Any) -> None:
    if len(known) >= MAX_REMEMBERED:
        known.clear()
    known[symbol] = value
