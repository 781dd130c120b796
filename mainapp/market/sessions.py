"""The exchange's calendar: session days, and the phases of a session.

The market of crypto currencies has no calendar: it is open around the clock, and its days begin at
midnight in São Paulo.

Valid from 2020 on. Times are in São Paulo. A phase includes its start and excludes its end: at
10:00:00 the market is open. The hours are those of shares unless a kind of paper is given.

Sources of the hours: [1] B3, "Equities market trading hours", two undated versions of the page, one
for each of New York's times; [2] Exame, 2021-11-08 and 2025-11-03, on B3's circulars; [3] CM
Capital, "Quais os códigos e vencimentos mensais"; [4] Valor Investe, 2020-11-18.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from time import time as now_s
from typing import Literal
from zoneinfo import ZoneInfo

from mainapp.market.symbols import B3, CRIPTO, Market, market_of

Session = Literal["pre_open", "open", "closing_call", "after_market", "closed"]

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")
ONE_DAY = timedelta(days=1)
FRIDAY = 4

PRE_OPEN, OPEN = time(9, 45), time(10)
ASH_WEDNESDAY_PRE_OPEN, ASH_WEDNESDAY_OPEN = time(12, 45), time(13)
# B3 follows New York's hours: it closes an hour earlier, and has an after-market, while New York is
# on daylight saving time. São Paulo itself has had no daylight saving time since 2019.
STANDARD_CALL, STANDARD_CLOSE = time(17, 55), time(18)
DAYLIGHT_CALL, DAYLIGHT_CLOSE = time(16, 55), time(17)
AFTER_MARKET, AFTER_MARKET_CLOSE = time(17, 30), time(18)
# On the expiry day of options on shares the after-market is later, and takes place even while New
# York is on standard time [1, note 3; 2]. It is not known when this began; the hours are used from
# the first winter in which the after-market was limited to these days [2].
EXPIRY_AFTER_MARKET, EXPIRY_AFTER_MARKET_CLOSE = time(18, 25), time(18, 40)
STANDARD_EXPIRY_AFTER_MARKET, STANDARD_EXPIRY_AFTER_MARKET_CLOSE = time(19, 25), time(19, 40)
EXPIRY_RULE_SINCE = date(2021, 11, 8)

FIXED_HOLIDAYS = frozenset(
    {(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 24), (12, 25)}
)
BLACK_AWARENESS_DAY, BLACK_AWARENESS_SINCE = (11, 20), 2024
# Days after Easter: Carnival Monday and Tuesday, Good Friday, Corpus Christi.
MOVABLE_HOLIDAYS = frozenset({-48, -47, -2, 60})
ASH_WEDNESDAY = -46


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The times of one day's session, aware, in São Paulo; None for a missing after-market."""

    pre_open: datetime
    open: datetime
    closing_call: datetime
    close: datetime
    after_market: datetime | None = None
    after_market_close: datetime | None = None

    @property
    def phases(self) -> tuple[tuple[datetime, datetime, Session], ...]:
        """The start (included), the end (excluded) and the name of each phase."""
        phases: list[tuple[datetime, datetime, Session]] = [
            (self.pre_open, self.open, "pre_open"),
            (self.open, self.closing_call, "open"),
            (self.closing_call, self.close, "closing_call"),
        ]
        if self.after_market and self.after_market_close:
            phases.append((self.after_market, self.after_market_close, "after_market"))
        return tuple(phases)


# Exceptions to the rules: the hours of the day, or None for no session.
EXCEPTIONS: Mapping[date, Hours | None] = {
    # The last year in which the exchange closed on the anniversary of the city of São Paulo and on
    # the holiday of its state [4].
    date(2021, 1, 25): None,
    date(2021, 7, 9): None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LongerHours:
    """The hours of a kind of paper, as differences from those of shares."""

    opens_later: timedelta = timedelta(0)
    closes_later: timedelta
    source: str


# Exceptions by kind of paper (Stock.Kind). Our catalogue does not know two differences: a sponsored
# BDR closes with the shares, and an ETF of fixed income ends its trading at 16:55 all year [1].
LONGER_HOURS: Mapping[str, LongerHours] = {
    "ETF": LongerHours(
        opens_later=timedelta(minutes=5), closes_later=timedelta(minutes=15), source="[1], [2]"
    ),
    "BDR": LongerHours(closes_later=timedelta(minutes=5), source="[1], [2]: unsponsored BDRs"),
}


def schedule(day: date, kind: str = "") -> Hours | None:
    """Return the hours of a day's session, or None for a day without a session."""
    if day in EXCEPTIONS:
        return EXCEPTIONS[day]
    if _is_closed_by_rule(day):
        return None
    hours, longer = _hours_by_rule(day), LONGER_HOURS.get(kind)
    if longer is None:
        return hours
    return replace(
        hours, open=hours.open + longer.opens_later, close=hours.close + longer.closes_later
    )


def is_session_day(day: date, market: Market = B3) -> bool:
    if market == CRIPTO:
        return True
    if day in EXCEPTIONS:
        return EXCEPTIONS[day] is not None
    return not _is_closed_by_rule(day)


def session(at: datetime, kind: str = "") -> Session:
    """Return the phase at an aware time. Gaps between phases are `closed`."""
    hours = schedule(sao_paulo_day(at), kind)
    for starts_at, ends_at, phase in hours.phases if hours else ():
        if starts_at <= at < ends_at:
            return phase
    return "closed"


def market_session(at: datetime, *, symbol: str, kind: str = "", is_simulated: bool) -> Session:
    """Return the phase of a stock's market: crypto and simulated markets never close."""
    return "open" if is_simulated or market_of(symbol) == CRIPTO else session(at, kind)


def session_now(symbol: str, *, is_simulated: bool) -> Session:
    """Return the present phase of a stock's market, by the hours of shares."""
    if is_simulated or market_of(symbol) == CRIPTO:
        return "open"
    return _session_in(int(now_s()))


@lru_cache(maxsize=2)
def _session_in(second: int) -> Session:
    return session(datetime.fromtimestamp(second, SAO_PAULO))


def is_trading(at: datetime) -> bool:
    """Return whether prices of any kind of paper can change at an aware time."""
    return any(session(at, kind) != "closed" for kind in ("", *LONGER_HOURS))


def sao_paulo_day(at: datetime) -> date:
    """Return the date in São Paulo at an aware time. Raises: ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("an aware datetime is required")
    return at.astimezone(SAO_PAULO).date()


def previous_session_day(day: date, market: Market = B3) -> date:
    """Return the last day before `day` that had a session."""
    day -= ONE_DAY
    while not is_session_day(day, market):
        day -= ONE_DAY
    return day


def next_session_day(day: date, market: Market = B3) -> date:
    """Return the first day after `day` that has a session."""
    day += ONE_DAY
    while not is_session_day(day, market):
        day += ONE_DAY
    return day


def next_open(at: datetime) -> datetime:
    """Return the first opening after an aware time, in São Paulo's time."""
    day = sao_paulo_day(at)
    hours = schedule(day)
    if hours is None or hours.open <= at:
        hours = schedule(next_session_day(day))
    assert hours is not None
    return hours.open


def last_close(at: datetime) -> datetime:
    """Return the last closing at or before an aware time, in São Paulo's time."""
    day = sao_paulo_day(at)
    hours = schedule(day)
    if hours is None or hours.close > at:
        hours = schedule(previous_session_day(day))
    assert hours is not None
    return hours.close


@cache
def easter(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (the Meeus/Jones/Butcher algorithm)."""
    century, year_of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, century_remainder = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leap_years, year_remainder = divmod(year_of_century, 4)
    weekday = (32 + 2 * century_remainder + 2 * leap_years - epact - year_remainder) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _is_closed_by_rule(day: date) -> bool:
    month_day = (day.month, day.day)
    return (
        day.weekday() >= 5
        or month_day in FIXED_HOLIDAYS
        or (month_day == BLACK_AWARENESS_DAY and day.year >= BLACK_AWARENESS_SINCE)
        or (day - easter(day.year)).days in MOVABLE_HOLIDAYS
        or _is_last_weekday_of_year(day)
    )


def _is_last_weekday_of_year(day: date) -> bool:
    last = date(day.year, 12, 31)
    return day == last - max(0, last.weekday() - 4) * ONE_DAY


def _hours_by_rule(day: date) -> Hours:
    def at(moment: time) -> datetime:
        return datetime.combine(day, moment, SAO_PAULO)

    is_ash_wednesday = (day - easter(day.year)).days == ASH_WEDNESDAY
    pre_open = at(ASH_WEDNESDAY_PRE_OPEN if is_ash_wednesday else PRE_OPEN)
    opens_at = at(ASH_WEDNESDAY_OPEN if is_ash_wednesday else OPEN)
    is_standard = not datetime.combine(day, time(12), NEW_YORK).dst()
    after_market = _after_market(day, is_standard=is_standard)
    return Hours(
        pre_open=pre_open,
        open=opens_at,
        closing_call=at(STANDARD_CALL if is_standard else DAYLIGHT_CALL),
        close=at(STANDARD_CLOSE if is_standard else DAYLIGHT_CLOSE),
        after_market=at(after_market[0]) if after_market else None,
        after_market_close=at(after_market[1]) if after_market else None,
    )


def _after_market(day: date, *, is_standard: bool) -> tuple[time, time] | None:
    if day >= EXPIRY_RULE_SINCE and day == options_expiry(day.year, day.month):
        if is_standard:
            return STANDARD_EXPIRY_AFTER_MARKET, STANDARD_EXPIRY_AFTER_MARKET_CLOSE
        return EXPIRY_AFTER_MARKET, EXPIRY_AFTER_MARKET_CLOSE
    return None if is_standard else (AFTER_MARKET, AFTER_MARKET_CLOSE)


@cache  # [3]
def options_expiry(year: int, month: int) -> date:
    """Return the monthly expiry of options on shares: the third Friday, or the session before."""
    first = date(year, month, 1)
    day = first + ((FRIDAY - first.weekday()) % 7 + 14) * ONE_DAY
    return day if is_session_day(day) else previous_session_day(day)
