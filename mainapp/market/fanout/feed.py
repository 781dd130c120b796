"""The state of the feed (CONTRACTS §2: live, late or down), from the board's pulse and the time."""

from datetime import datetime, timedelta
from math import inf

from django.conf import settings

from mainapp.market import sessions
from mainapp.market.board import FeedStatus, LateSymbols, Pulse
from mainapp.market.events import Feed, Session

SILENCE_S = 1.5
# A batch takes as long as its sources. Pages have to show a late feed within 3 s.
OVERDUE = timedelta(seconds=2.25)


def state_of(pulse: Pulse, *, at: datetime) -> Feed:
    """Return the state of the feed from a pulse that was read at the moment `at`.

    Prices that streams give are live without any polling; `late_symbols` are the others.
    """
    polling = _polling(pulse, at)
    return "live" if pulse.given else polling


def late_symbols(pulse: Pulse | None, *, at: datetime) -> LateSymbols:
    """Return the symbols with old prices while the feed is live.

    Those that the last batch did not reach; without polling, all that streams do not give.
    """
    if pulse is None:
        return LateSymbols()
    if pulse.given and _polling(pulse, at) != "live":
        return LateSymbols(given=pulse.given)
    return LateSymbols(frozenset(pulse.status.late) if pulse.status else frozenset())


def _polling(pulse: Pulse, at: datetime) -> Feed:
    if not pulse.worker_alive:
        return "down"
    if pulse.status is None or pulse.status.is_ahead(at):
        return "late"
    return "late" if at > pulse.status.next_due_at + OVERDUE else "live"


class FeedWatch:
    """The state of the feed by the last pulse. `now` is the event loop's time, `at` aware UTC."""

    def __init__(self) -> None:
        self._pulse_at = -inf
        self._pulse: Pulse | None = None

    def note_pulse(self, pulse: Pulse, now: float) -> None:
        self._pulse_at, self._pulse = now, pulse

    @property
    def status(self) -> FeedStatus | None:
        return self._pulse.status if self._pulse else None

    def late(self, at: datetime) -> LateSymbols:
        return late_symbols(self._pulse, at=at)

    def state(self, *, now: float, at: datetime) -> Feed:
        if now - self._pulse_at > SILENCE_S or self._pulse is None:
            return "down"
        return state_of(self._pulse, at=at)

    def session(self, at: datetime) -> Session:
        return "open" if settings.QUOTE_KIND != "real" else sessions.session(at)
