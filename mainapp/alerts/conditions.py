"""When a condition fires: a small state machine on quote times, without clock or database.

A condition is one limit of an alert. It rests on a `Wake`: the nearest thing that a price must do
to change its state. Quotes that do not reach it need not be looked at, which is what the database's
index is for; `advance` decides on those that do.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TICK = Decimal("0.01")  # of a price in reais and of a percentage alike

Kind = Literal["compra", "venda", "change_up_pct", "change_down_pct"]
KINDS: tuple[Kind, ...] = ("compra", "venda", "change_up_pct", "change_down_pct")

# Minutes between looks; 0 looks at every quote.
PERIODS = (0, 1, 2, 5, 15, 30, 60, 90)
EVERY_PERIOD = (1 << len(PERIODS)) - 1

Phase = Literal["new", "armed", "holding", "beyond", "fired"]
"""new: no quote was looked at yet. armed: on the near side. holding: beyond, for not long enough.
beyond: made beyond its limit, waits until it is not. fired: waits until it is well back inside."""

# What a quote is measured by: the price, the price falling, the day's change, the change falling.
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
    """What one condition asks for. `limit` is in reais, or percent of a day's change.

    `rearm_pct` is a share of the limit in percent, for a change of the day in percentage points.
    """

    kind: Kind
    limit: Decimal
    hold_minutes: int = 0
    rearm_pct: Decimal = Decimal("0.5")
    cooldown_minutes: int = 0
    fires_if_beyond: bool = False

    @property
    def reach(self) -> Decimal:
        """The limit on the scale where a condition is reached from below."""
        return -self.limit if self.kind == "compra" else self.limit

    @property
    def band(self) -> Decimal:
        """How far back inside a fired condition must come; at least one tick."""
        if self.kind in ("compra", "venda"):
            return max(TICK, self.limit * self.rearm_pct / 100)
        return max(TICK, self.rearm_pct)


@dataclass(frozen=True, slots=True)
class State:
    """Where a condition stands; `since` is the quote time at which a hold began."""

    phase: Phase = "new"
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A quote as conditions see it: `at` is its own time, aware; `change_pct` is in percent."""

    price: Decimal
    change_pct: Decimal | None
    at: datetime


class Wake(NamedTuple):
    """Look again when `measure` of a quote is at least `level`; None: at the next one, whatever."""

    measure: int
    level: Decimal | None


def measures(look: Look) -> dict[int, Decimal]:
    """Return a quote on each scale that conditions wait on."""
    values = {PRICE_UP: look.price, PRICE_DOWN: -look.price}
    if look.change_pct is not None:
        values |= {PCT_UP: look.change_pct, PCT_DOWN: -look.change_pct}
    return values


def wake(terms: Terms, state: State) -> Wake:
    """Return what a quote must reach to matter: `advance` leaves a state alone on any other."""
    up = _UP_OF[terms.kind]
    if state.phase in ("new", "holding"):
        return Wake(up, None)
    if state.phase == "armed":
        return Wake(up, terms.reach)
    return Wake(_OPPOSITE[up], _way_back(terms, state) - terms.reach)


def advance(
    terms: Terms, state: State, look: Look, *, last_fired_at: datetime | None = None
) -> tuple[State, bool]:
    """Return the state after a look, and whether the condition fires.

    What falls into the cooldown after `last_fired_at` (a quote time) changes the state and fires
    nothing: it is dropped, never queued.
    """
    value = measures(look).get(_UP_OF[terms.kind])
    if value is None:
        return state, False
    after = _next(terms, state, look, is_beyond=value >= terms.reach, value=value)
    if after.phase != "fired" or state.phase == "fired":
        return after, False
    return after, not _is_cooling(terms, look, last_fired_at)


def _next(terms: Terms, state: State, look: Look, *, is_beyond: bool, value: Decimal) -> State:
    if state.phase in ("beyond", "fired"):
        is_back = value <= terms.reach - _way_back(terms, state)
        return State("armed") if is_back else state
    if not is_beyond:
        return State("armed")
    if state.phase == "new" and not terms.fires_if_beyond:
        return State("beyond")
    if not terms.hold_minutes:
        return State("fired")
    if state.since is None or _day(state.since) != _day(look.at):
        return State("holding", since=look.at)
    is_long_enough = look.at - state.since >= timedelta(minutes=terms.hold_minutes)
    return State("fired") if is_long_enough else replace(state, phase="holding")


def _way_back(terms: Terms, state: State) -> Decimal:
    """Return how far inside the limit a condition is armed again."""
    return terms.band if state.phase == "fired" else TICK


def _is_cooling(terms: Terms, look: Look, last_fired_at: datetime | None) -> bool:
    if last_fired_at is None:
        return False
    return look.at < last_fired_at + timedelta(minutes=terms.cooldown_minutes)


def due_periods(at: datetime, last_at: datetime | None) -> int:
    """Return, a bit for each of PERIODS, for which a quote of `at` is the first of its slot.

    Slots of n minutes are counted from midnight in São Paulo; `last_at` is the time of the quote
    accepted before, None for the first ever.
    """
    if last_at is None:
        return EVERY_PERIOD
    bits = 1
    for position, minutes in enumerate(PERIODS[1:], start=1):
        if _slot(at, minutes) != _slot(last_at, minutes):
            bits |= 1 << position
    return bits


def period_bit(minutes: int) -> int:
    """Return the bit of a period. Raises: ValueError for one that is not offered."""
    return 1 << PERIODS.index(minutes)


def end_of(first_day: date, days: int) -> datetime:
    """Return the last second of the last of `days` calendar days, the first one counted."""
    last = first_day + timedelta(days=days - 1)
    return datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=SAO_PAULO)


def _slot(at: datetime, minutes: int) -> tuple[date, int]:
    local = at.astimezone(SAO_PAULO)
    return local.date(), (local.hour * 60 + local.minute) // minutes


def _day(at: datetime) -> date:
    return at.astimezone(SAO_PAULO).date()
