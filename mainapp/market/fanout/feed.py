"""The state of the feed (CONTRACTS §2: live, late or down), from the board's pulse and the time."""

from collections.abc import Collection
from datetime import datetime, timedelta
from math import inf

from django.conf import settings

from mainapp.market import sessions
from mainapp.market.board import FeedStatus, Pulse
from mainapp.market.events import Feed, Session

SILENCE_S = 1.5
# A batch takes as long as its sources. Pages have to show a late feed within 3 s.
OVERDUE = timedelta(seconds=2.25)


def state_of(pulse: Pulse, *, at: datetime) -> Feed:
    """Return the state of the feed from a pulse that was read at the moment `at`."""
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

    def late_of(self, symbols: Collection[str]) -> frozenset[str]:
        """Return the symbols that the last batch did not reach: their prices are older."""
        late = self.status.late if self.status else ()
        return frozenset(late).intersection(symbols) if late else frozenset()

    def state(self, *, now: float, at: datetime) -> Feed:
        if now - self._pulse_at > SILENCE_S or self._pulse is None:
            return "down"
        return state_of(self._pulse, at=at)

    def session(self, at: datetime) -> Session:
        return "open" if settings.QUOTE_KIND != "real" else sessions.session(at)
