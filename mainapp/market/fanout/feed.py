"""Whether prices flow: what CONTRACTS calls the feed, from the last pulse and the clock."""

from datetime import datetime, timedelta
from math import inf

from django.conf import settings

from mainapp.market import sessions
from mainapp.market.board import FeedStatus, Pulse
from mainapp.market.events import Feed, Session

SILENCE_S = 1.5
OVERDUE = timedelta(seconds=2.25)  # a source may take its time; pages say so within 3 s


class FeedWatch:
    """Remembers the last pulse; times on the event loop's clock in seconds, batches in UTC."""

    def __init__(self) -> None:
        self._pulse_at = -inf
        self._worker_alive = False
        self.status: FeedStatus | None = None

    def note_pulse(self, pulse: Pulse, now: float) -> None:
        self._pulse_at = now
        self._worker_alive = pulse.worker_alive
        self.status = pulse.status

    def state(self, *, now: float, at: datetime) -> Feed:
        if now - self._pulse_at > SILENCE_S or not self._worker_alive:
            return "down"
        if self.status is None or at > self.status.next_due_at + OVERDUE:
            return "late"
        return "live"

    def session(self, at: datetime) -> Session:
        return "open" if settings.SIMULATED else sessions.session(at)
