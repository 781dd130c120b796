"""The simulated market: any ticker has a believable price at any time, the same in every process.

A price is a function of (seed, symbol, second). The days are São Paulo's, open around the clock;
history has only the exchange's session days, so a weekend's prices are shown while they last and
leave no candle. `SIMULATED_SPEED` n lets a second move the price as much as n seconds would, with
wider days; `SIMULATED_VOLATILITY` scales every movement.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, chain, compress, groupby, islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mainapp.market.providers.base import INTERVALS, RANGES, Budget, Listing, ProviderError
from mainapp.market.providers.simulated.papers import Paper, listings, paper
from mainapp.market.providers.simulated.paths import (
    Market,
    Span,
    cents,
    hours_of,
    minutes_of,
    seconds_of,
    traded_in_hour,
    traded_shares,
    year_of,
)
from mainapp.market.quotes import Bar, Quote
from mainapp.market.sessions import is_session_day, previous_session_day
from mainapp.market.symbols import canonical

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
DAYS_BACK = {"5d": 7, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 365, "5y": 1826, "max": 12 * 365}
MINUTES_KEPT_DAYS = {"1m": 7, "15m": 60}
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
            raise ProviderError(f"no history of {symbol}, {range_}, {interval}", permanent=True)
        at = self._now().astimezone(SAO_PAULO).replace(microsecond=0)
        it = paper(self._market.seed, traded_as)
        if interval == "1d":
            return list(self._daily(it, _first_day(range_, at.date()), at.date()))
        kept_from = at.date() - timedelta(days=MINUTES_KEPT_DAYS[interval])
        first = at.date() if range_ == "1d" else max(_first_day(range_, at.date()), kept_from)
        minutes = [
            bar for day in _session_days(first, at.date()) for bar in self._minute_bars(it, day, at)
        ]
        minutes += self._minute_bars(it, at.date(), at)
        return minutes if interval == "1m" else list(_quarters(minutes))

    def _quote(self, symbol: str, traded_as: str, at: datetime) -> Quote:
        it = paper(self._market.seed, traded_as)
        day = self._day(it, at.date())
        minute = self._minute(it, day, at)
        second = at.second
        price, high, low = minute.prices[second], minute.highs[second], minute.lows[second]
        return Quote(
            symbol=symbol,
            price=_money(price),
            source=self.name,
            simulated=True,
            quoted_at=at.astimezone(UTC),
            previous_close=_money(day.previous_close),
            open=_money(cents(it, day.hours[0].open)),
            high=_money(high),
            low=_money(low),
            volume=minute.traded + minute.traded_within * (second + 1) // 60,
            market_cap=_money(price * it.outstanding) if it.outstanding else None,
            year_low=_money(min(low, day.year_low)),
            year_high=_money(max(high, day.year_high)),
        )

    def _day(self, it: Paper, on: date) -> Day:
        known = self._days.get(it.symbol)
        if known and known.on == on:
            return known
        highs, lows = self._year_behind(it, on)
        before = previous_session_day(on)
        day = Day(
            on=on,
            hours=hours_of(self._market, it, on, self._span(it, on)),
            traded=traded_shares(self._market, it, on),
            previous_close=cents(it, self._span(it, before).close),
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
            traded=self._traded(it, day.on, at.hour, day.traded),
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
        prices = self._seconds(it, starts_at, span)
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

    def _traded(self, it: Paper, on: date, hour: int, by_hour: list[int]) -> list[int]:
        """Return the shares traded since midnight at the start of each minute of the hour."""
        start, end = by_hour[hour], by_hour[hour + 1]
        within = traded_in_hour(self._market, it, on, hour, end - start)
        return [start + shares for shares in within]

    def _seconds(self, it: Paper, starts_at: datetime, span: Span) -> list[int]:
        return seconds_of(self._market, it, f"{starts_at:%Y-%m-%dT%H:%M}", span)

    def _span(self, it: Paper, day: date) -> Span:
        return year_of(self._market, it, day.year).day(day)

    def _year_behind(self, it: Paper, on: date) -> tuple[list[float], list[float]]:
        """Return the highs and the lows of the session days of the 365 days before `on`."""
        first = on - timedelta(days=365)
        years = [year_of(self._market, it, year) for year in range(first.year, on.year + 1)]
        start = first.timetuple().tm_yday - 1
        had_session = _sessions_of(first, on)

        def of_sessions(days: Iterable[float]) -> list[float]:
            return list(compress(islice(days, start, None), had_session))

        return (
            of_sessions(chain.from_iterable(year.highs for year in years)),
            of_sessions(chain.from_iterable(year.lows for year in years)),
        )

    def _daily(self, it: Paper, first: date, end: date) -> Iterator[Bar]:
        for day in _session_days(first, end):
            midnight = datetime.combine(day, time(), SAO_PAULO)
            shares = traded_shares(self._market, it, day)[-1]
            yield _bar(it, midnight, self._span(it, day), shares)

    def _minute_bars(self, it: Paper, on: date, at: datetime) -> Iterator[Bar]:
        """Yield the day's minutes that have begun by `at`, the last one as far as it went."""
        hours = hours_of(self._market, it, on, self._span(it, on))
        traded_by_hour = traded_shares(self._market, it, on)
        starts_at = datetime.combine(on, time(), SAO_PAULO)
        for hour, span in enumerate(hours):
            traded = self._traded(it, on, hour, traded_by_hour)
            minutes = minutes_of(self._market, it, on, hour, span)
            for minute, start, end in zip(minutes, traded, traded[1:], strict=False):
                if starts_at > at:
                    return
                seconds = (at - starts_at).total_seconds() + 1
                if seconds < 60:
                    yield self._unfinished(it, starts_at, minute, int(seconds), end - start)
                    return
                yield _bar(it, starts_at, minute, end - start)
                starts_at += timedelta(minutes=1)

    def _unfinished(
        self, it: Paper, starts_at: datetime, minute: Span, seconds: int, shares: int
    ) -> Bar:
        prices = self._seconds(it, starts_at, minute)[:seconds]
        return Bar(
            starts_at=starts_at.astimezone(UTC),
            open=_money(prices[0]),
            high=_money(max(prices)),
            low=_money(min(prices)),
            close=_money(prices[-1]),
            volume=shares * seconds // 60,
        )


def _bar(it: Paper, starts_at: datetime, span: Span, shares: int) -> Bar:
    return Bar(
        starts_at=starts_at.astimezone(UTC),
        open=_money(cents(it, span.open)),
        high=_money(cents(it, span.high)),
        low=_money(cents(it, span.low)),
        close=_money(cents(it, span.close)),
        volume=shares,
    )


def _quarters(minutes: Iterable[Bar]) -> Iterator[Bar]:
    """Yield the bars of fifteen minutes that bars of one minute make."""
    for _, group in groupby(minutes, lambda bar: int(bar.starts_at.timestamp()) // 900):
        bars = list(group)
        yield Bar(
            starts_at=bars[0].starts_at,
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            close=bars[-1].close,
            volume=sum(bar.volume or 0 for bar in bars),
        )


def _first_day(range_: str, today: date) -> date:
    """Return the day with which a range begins; one of `1d` in days is the last session."""
    if range_ == "ytd":
        return date(today.year, 1, 1)
    if range_ == "1d":
        return previous_session_day(today)
    return today - timedelta(days=DAYS_BACK[range_])


@lru_cache(maxsize=16)
def _sessions_of(first: date, end: date) -> tuple[bool, ...]:
    """Return which of the days from `first` up to, not with, `end` have a session."""
    return tuple(is_session_day(first + timedelta(days=n)) for n in range((end - first).days))


def _session_days(first: date, end: date) -> list[date]:
    sessions = enumerate(_sessions_of(first, end))
    return [first + timedelta(days=n) for n, has_session in sessions if has_session]


def _money(in_cents: int) -> Decimal:
    return Decimal(in_cents).scaleb(-2)


def _remember(known: dict[str, Any], symbol: str, value: Any) -> None:
    if len(known) >= MAX_REMEMBERED:
        known.clear()
    known[symbol] = value
