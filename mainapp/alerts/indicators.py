"""How often an alert would have fired: its conditions run over past candles.

A candle does not tell the path of the price inside it. It is taken to go from the open to the
nearer extreme, to the other one and to the close, at equal steps of time: an estimate.
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
    Look,
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
# A day's four prices, from 10:00 to 17:00.
DAY_OPENS, DAY_STEP = timedelta(hours=10), timedelta(minutes=140)


@dataclass(frozen=True, slots=True)
class PastBar:
    """A candle of one minute, or with `is_day` of one day, and the close of the day before it."""

    bar: Bar
    previous_close: Decimal | None
    is_day: bool

    def prices(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Return the assumed path: open, the nearer extreme, the other, close."""
        bar = self.bar
        if bar.open - bar.low <= bar.high - bar.open:
            return bar.open, bar.low, bar.high, bar.close
        return bar.open, bar.high, bar.low, bar.close

    def look(self, price: Decimal, at: datetime) -> Look:
        return Look(price=price, change_pct=self.change_pct(price), at=at)

    def looks(self) -> Iterator[Look]:
        first, step = self.bar.starts_at, MINUTE_STEP
        if self.is_day:
            first, step = first + DAY_OPENS, DAY_STEP
        for number, price in enumerate(self.prices()):
            yield self.look(price, first + number * step)

    def change_pct(self, price: Decimal) -> Decimal | None:
        if not self.previous_close:
            return None
        change = (price - self.previous_close) * 100 / self.previous_close
        return change.quantize(CENT, ROUND_HALF_UP)

    def reaches(self, measure: int, level: Decimal | None) -> bool:
        """Tell whether any price inside the candle could wake a condition."""
        if level is None:
            return True
        is_up = measure in (PRICE_UP, PCT_UP)
        price = self.bar.high if is_up else self.bar.low
        value = price if measure in (PRICE_UP, PRICE_DOWN) else self.change_pct(price)
        return value is not None and (value if is_up else -value) >= level


@dataclass(frozen=True, slots=True)
class PastFiring:
    """That a condition would have fired, on a price of the candle that begins at `starts_at`."""

    kind: Kind
    price: Decimal
    at: datetime
    starts_at: datetime


def past_bars(days: Sequence[Bar], minutes: Iterable[Bar]) -> list[PastBar]:
    """Return what to run an alert over, oldest first: a day's minutes, else its daily candle.

    Minutes stand for their day where they reach its extremes, for there nothing of it is missing,
    or where the day has no candle of its own. Both come oldest first.
    """
    of_day: dict[date, list[Bar]] = defaultdict(list)
    for bar in minutes:
        of_day[_day(bar)].append(bar)
    daily = {_day(bar): bar for bar in days}
    found: list[PastBar] = []
    close: Decimal | None = None
    for day in sorted(daily.keys() | of_day.keys()):
        whole, parts = daily.get(day), of_day[day]
        if whole is not None and not _tells_all(parts, whole):
            found.append(PastBar(whole, close, is_day=True))
        else:
            found.extend(PastBar(bar, close, is_day=False) for bar in parts)
        close = (whole or parts[-1]).close
    return found


def backtest(
    conditions: Sequence[Terms], bars: Iterable[PastBar], *, period: int
) -> list[PastFiring]:
    """Return every firing that the conditions of one alert would have had, oldest first.

    They begin armed by the first price and are armed again after each firing, whatever the alert's
    recurrence. `period` is its minutes between looks. A candle that cannot wake a condition is
    passed over, so that a year of days and a month of minutes take a fraction of a second.
    """
    states = [State() for _one in conditions]
    fired: list[PastFiring] = []
    last: datetime | None = None
    for past in bars:
        wakes = [
            past.reaches(*wake(terms, state))
            for terms, state in zip(conditions, states, strict=True)
        ]
        if any(wakes):
            for look in _looks(past, last, period, is_held=_is_held(conditions)):
                _advance(conditions, states, look, past, fired)
        last = past.bar.starts_at
    return fired


def _advance(
    conditions: Sequence[Terms],
    states: list[State],
    look: Look,
    past: PastBar,
    fired: list[PastFiring],
) -> None:
    for place, terms in enumerate(conditions):
        last_at = fired[-1].at if fired else None
        states[place], fires = advance(terms, states[place], look, last_fired_at=last_at)
        if fires:
            fired.append(PastFiring(terms.kind, look.price, look.at, past.bar.starts_at))


def _looks(past: PastBar, last: datetime | None, period: int, *, is_held: bool) -> Iterable[Look]:
    """Return the prices of a candle that count; of a day's all four do, whatever the period."""
    if past.is_day or is_held or not period:
        return past.looks()
    if not due_periods(past.bar.starts_at, last) & period_bit(period):
        return ()
    return (past.look(past.bar.open, past.bar.starts_at),)


def _is_held(conditions: Sequence[Terms]) -> bool:
    return any(terms.hold_minutes for terms in conditions)


def _tells_all(parts: Sequence[Bar], whole: Bar) -> bool:
    if not parts:
        return False
    low, high = min(bar.low for bar in parts), max(bar.high for bar in parts)
    return low <= whole.low and high >= whole.high


def _day(bar: Bar) -> date:
    return bar.starts_at.astimezone(SAO_PAULO).date()
