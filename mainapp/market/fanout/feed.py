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


class FeedWatch:
    """The state of the feed by the last pulse. `now` is the event loop's time, `at` aware UTC."""

    def __init__(self) -> None:
        self._pulse_at = -inf
        self._worker_alive = False
        self.status: FeedStatus | None = None

    def note_pulse(self, pulse: Pulse, now: float) -> None:
        self._pulse_at = now
        self._worker_alive = pulse.worker_alive
        self.status = pulse.status

    def late_of(self, symbols: Collection[str]) -> frozenset[str]:
        """Return the symbols that the last batch did not reach: their prices are older."""
        late = self.status.late if self.status else ()
        return frozenset(late).intersection(symbols) if late else frozenset()

    def state(self, *, now: float, at: datetime) -> Feed:
        if now - self._pulse_at > SILENCE_S or not self._worker_alive:
            return "down"
        if self.status is None or at > self.status.next_due_at + OVERDUE:
            return "late"
        return "live"

    def session(self, at: datetime) -> Session:
        return "open" if settings.SIMULATED else sessions.session(at)
