"""State machine of alert conditions, driven by quote times: no clock and no database.

A condition is one limit of an alert. Its `Wake` is the smallest price movement that can change its
state. Quotes that do not reach it can be skipped, and the database finds the others by an index;
`advance` evaluates those.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TICK = Decimal("0.01")  # in reais for prices, in percentage points for the day's change

Kind = Literal["compra", "venda", "change_up_pct", "change_down_pct"]
KINDS: tuple[Kind, ...] = ("compra", "venda", "change_up_pct", "change_down_pct")

# Minutes between observations; 0 observes every quote.
PERIODS = (0, 1, 2, 5, 15, 30, 60, 90)
EVERY_PERIOD = (1 << len(PERIODS)) - 1

Phase = Literal["new", "armed", "holding", "beyond", "fired"]
"""new: no quote has been observed yet. armed: on the near side of the limit. holding: beyond the
limit, but not yet for `hold_minutes`. beyond: created beyond the limit, waits for the near side.
fired: waits until the price is `rearm_pct` back inside."""

# Scales of a quote: price, negative price, day's change, negative day's change.
PRICE_UP, PRICE_DOWN, PCT_UP, PCT_DOWN = range(4)
_UP_OF: dict[Kind, int] = {
    "venda": PRICE_UP,
    "compra": PRICE_DOWN,
    "change_up_pct": PCT_UP,
    "change_down_pct": PCT_DOWN,
}
_OPPOSITE = {
    PRICE_UP: PRICE_DOWN,
    PRICE_DOWN: PRICE_UP,
    PCT_UP: PCT_DOWN,
    PCT_DOWN: PCT_UP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of one condition. `limit` is in reais, or in percent for the day's change.

    `rearm_pct` is a percentage of the limit; for the day's change it is in percentage points.
    """

    kind: Kind
    limit: Decimal
    hold_minutes: int = 0
    rearm_pct: Decimal = Decimal("0.5")
    cooldown_minutes: int = 0
    fires_if_beyond: bool = False
    price_tick: Decimal = TICK
    is_continuous: bool = False  # the market has no end of a session

    @property
    def tick(self) -> Decimal:
        return self.price_tick if self.kind in ("compra", "venda") else TICK

    @property
    def reach(self) -> Decimal:
        """The limit on the scale of this kind, where it is always reached from below."""
        return -self.limit if self.kind == "compra" else self.limit

    @property
    def band(self) -> Decimal:
        """Distance back inside the limit at which a fired condition rearms; at least one tick."""
        if self.kind in ("compra", "venda"):
            return max(self.tick, self.limit * self.rearm_pct / 100)
        return max(self.tick, self.rearm_pct)


@dataclass(frozen=True, slots=True)
class State:
    """State of a condition; `since` is the quote time at which a hold began."""

    phase: Phase = "new"
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The part of a quote that conditions need: `at` is its own time (aware)."""

    price: Decimal
    change_pct: Decimal | None
    at: datetime


class Wake(NamedTuple):
    """Evaluate again when `measure` of a quote reaches `level`; None means at the next quote."""

    measure: int
    level: Decimal | None


def measures(observation: Observation) -> dict[int, Decimal]:
    """Return the value of a quote on each scale."""
    values = {PRICE_UP: observation.price, PRICE_DOWN: -observation.price}
    if observation.change_pct is not None:
        values |= {PCT_UP: observation.change_pct, PCT_DOWN: -observation.change_pct}
    return values


def wake(terms: Terms, state: State) -> Wake:
    """Return the threshold below which no quote can make `advance` change the state."""
    up = _UP_OF[terms.kind]
    if state.phase in ("new", "holding"):
        return Wake(up, None)
    if state.phase == "armed":
        return Wake(up, terms.reach)
    return Wake(_OPPOSITE[up], _rearm_distance(terms, state) - terms.reach)


def advance(
    terms: Terms, state: State, observation: Observation, *, last_fired_at: datetime | None = None
) -> tuple[State, bool]:
    """Return the state after an observation, and whether the condition fires.

    During the cooldown after `last_fired_at` (a quote time) the state changes without firing: the
    firing is dropped, never queued.
    """
    value = measures(observation).get(_UP_OF[terms.kind])
    if value is None:
        return state, False
    after = _next(terms, state, observation, is_beyond=value >= terms.reach, value=value)
    if after.phase != "fired" or state.phase == "fired":
        return after, False
    return after, not _is_cooling(terms, observation, last_fired_at)


def _next(
    terms: Terms, state: State, observation: Observation, *, is_beyond: bool, value: Decimal
) -> State:
    if state.phase in ("beyond", "fired"):
        is_back = value <= terms.reach - _rearm_distance(terms, state)
        return State("armed") if is_back else state
    if not is_beyond:
        return State("armed")
    if state.phase == "new" and not terms.fires_if_beyond:
        return State("beyond")
    if not terms.hold_minutes:
        return State("fired")
    if state.since is None or not _is_same_hold(terms, state.since, observation.at):
        return State("holding", since=observation.at)
    is_long_enough = observation.at - state.since >= timedelta(minutes=terms.hold_minutes)
    return State("fired") if is_long_enough else replace(state, phase="holding")


def _is_same_hold(terms: Terms, since: datetime, at: datetime) -> bool:
    """Return whether a hold continues; one that began after `at` was timed by a wrong clock."""
    return since <= at and (terms.is_continuous or _day(since) == _day(at))


def _rearm_distance(terms: Terms, state: State) -> Decimal:
    """Return the distance inside the limit at which a condition is armed again."""
    return terms.band if state.phase == "fired" else terms.tick


def _is_cooling(terms: Terms, observation: Observation, last_fired_at: datetime | None) -> bool:
    if last_fired_at is None or last_fired_at > observation.at:  # a clock was set back since
        return False
    return observation.at < last_fired_at + timedelta(minutes=terms.cooldown_minutes)


def due_periods(at: datetime, last_at: datetime | None) -> int:
    """Return one bit for each of PERIODS: set if a quote at `at` is the first of its slot.

    Slots of n minutes start at midnight in São Paulo; `last_at` is the time of the previously
    accepted quote, None for the first one ever.
    """
    if last_at is None:
        return EVERY_PERIOD
    bits = 1
    for position, minutes in enumerate(PERIODS[1:], start=1):
        if _slot(at, minutes) != _slot(last_at, minutes):
            bits |= 1 << position
    return bits


def period_bit(minutes: int) -> int:
    """Return the bit of a period. Raises: ValueError if it is not one of PERIODS."""
    return 1 << PERIODS.index(minutes)


def end_of(first_day: date, days: int) -> datetime:
    """Return the last second of the last of `days` calendar days, `first_day` included."""
    last = first_day + timedelta(days=days - 1)
    return datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=SAO_PAULO)


def _slot(at: datetime, minutes: int) -> tuple[date, int]:
    local = at.astimezone(SAO_PAULO)
    return local.date(), (local.hour * 60 + local.minute) // minutes


def _day(at: datetime) -> date:
    return at.astimezone(SAO_PAULO).date()
