"""Backtest of alerts: their conditions run over past candles.

A candle does not record the path of the price inside it. The estimate assumes that the price goes
from the open to the nearer extreme, then to the other one and to the close, in equal steps of time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from mainapp.alerts.conditions import (
    PCT_UP,
    PRICE_DOWN,
    PRICE_UP,
    SAO_PAULO,
    Kind,
    Observation,
    State,
    Terms,
    advance,
    due_periods,
    period_bit,
    wake,
)
from mainapp.market.quotes import Bar

CENT = Decimal("0.01")
MINUTE_STEP = timedelta(seconds=15)
# The four prices of a day, spread from 10:00 to 17:00.
DAY_OPENS, DAY_STEP = timedelta(hours=10), timedelta(minutes=140)


@dataclass(frozen=True, slots=True)
class PastBar:
    """A candle of one minute (or, with `is_day`, of one day) and the previous day's close."""

    bar: Bar
    previous_close: Decimal | None
    is_day: bool

    def prices(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Return the assumed path: open, nearer extreme, other extreme, close."""
        bar = self.bar
        if bar.open - bar.low <= bar.high - bar.open:
            return bar.open, bar.low, bar.high, bar.close
        return bar.open, bar.high, bar.low, bar.close

    def observation(self, price: Decimal, at: datetime) -> Observation:
        return Observation(price=price, change_pct=self.change_pct(price), at=at)

    def observations(self) -> Iterator[Observation]:
        first, step = self.bar.starts_at, MINUTE_STEP
        if self.is_day:
            first, step = first + DAY_OPENS, DAY_STEP
        for number, price in enumerate(self.prices()):
            yield self.observation(price, first + number * step)

    def change_pct(self, price: Decimal) -> Decimal | None:
        if not self.previous_close:
            return None
        change = (price - self.previous_close) * 100 / self.previous_close
        return change.quantize(CENT, ROUND_HALF_UP)

    def reaches(self, measure: int, level: Decimal | None) -> bool:
        """Return whether any price inside the candle could wake a condition."""
        if level is None:
            return True
        is_up = measure in (PRICE_UP, PCT_UP)
        price = self.bar.high if is_up else self.bar.low
        value = price if measure in (PRICE_UP, PRICE_DOWN) else self.change_pct(price)
        return value is not None and (value if is_up else -value) >= level


@dataclass(frozen=True, slots=True)
class PastFiring:
    """A firing on past data, at a price of the candle that begins at `starts_at`."""

    kind: Kind
    price: Decimal
    at: datetime
    starts_at: datetime


def past_bars(days: Sequence[Bar], minutes: Iterable[Bar]) -> list[PastBar]:
    """Return the candles for a backtest, oldest first: a day's minutes, or its daily candle.

    The minutes are used if they reach the day's extremes, since then nothing is missing, or if the
    day has no candle. Both arguments must be sorted oldest first.
    """
    of_day: dict[date, list[Bar]] = defaultdict(list)
    for bar in minutes:
        of_day[_day(bar)].append(bar)
    daily = {_day(bar): bar for bar in days}
    result: list[PastBar] = []
    close: Decimal | None = None
    for day in sorted(daily.keys() | of_day.keys()):
        whole, minute_bars = daily.get(day), of_day[day]
        if whole is not None and not _covers_day(minute_bars, whole):
            result.append(PastBar(whole, close, is_day=True))
        else:
            result.extend(PastBar(bar, close, is_day=False) for bar in minute_bars)
        close = (whole or minute_bars[-1]).close
    return result


def backtest(
    conditions: Sequence[Terms], bars: Iterable[PastBar], *, period: int
) -> list[PastFiring]:
    """Return every firing that the conditions of one alert would have had, oldest first.

    The first price arms the conditions, and they rearm after each firing whatever the alert's
    recurrence. `period` is the number of minutes between observations. Candles that cannot wake a
    condition are skipped, so a year of days and a month of minutes take a fraction of a second.
    """
    states = [State()] * len(conditions)
    fired: list[PastFiring] = []
    last: datetime | None = None
    for past in bars:
        wakes = [
            past.reaches(*wake(terms, state))
            for terms, state in zip(conditions, states, strict=True)
        ]
        if any(wakes):
            for observation in _observations(past, last, period, has_hold=_has_hold(conditions)):
                _advance(conditions, states, observation, past, fired)
        last = past.bar.starts_at
    return fired


def _advance(
    conditions: Sequence[Terms],
    states: list[State],
    observation: Observation,
    past: PastBar,
    fired: list[PastFiring],
) -> None:
    for place, terms in enumerate(conditions):
        last_at = fired[-1].at if fired else None
        states[place], fires = advance(terms, states[place], observation, last_fired_at=last_at)
        if fires:
            fired.append(
                PastFiring(terms.kind, observation.price, observation.at, past.bar.starts_at)
            )


def _observations(
    past: PastBar, last: datetime | None, period: int, *, has_hold: bool
) -> Iterable[Observation]:
    """Return the prices of a candle to evaluate; all four of a daily candle, for any period."""
    if past.is_day or has_hold or not period:
        return past.observations()
    if not due_periods(past.bar.starts_at, last) & period_bit(period):
        return ()
    return (past.observation(past.bar.open, past.bar.starts_at),)


def _has_hold(conditions: Sequence[Terms]) -> bool:
    return any(terms.hold_minutes for terms in conditions)


def _covers_day(minute_bars: Sequence[Bar], whole: Bar) -> bool:
    if not minute_bars:
        return False
    low, high = min(bar.low for bar in minute_bars), max(bar.high for bar in minute_bars)
    return low <= whole.low and high >= whole.high


def _day(bar: Bar) -> date:
    return bar.starts_at.astimezone(SAO_PAULO).date()
