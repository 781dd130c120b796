"""The database scheduler of beat, with a lease in Redis that /readyz checks."""

import logging
import time
from datetime import UTC, datetime
from math import inf
from typing import Any

import redis
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from mainapp.core.clocks import SKEW, is_ahead
from mainapp.core.redis import client as redis_client
from mainapp.market import board

logger = logging.getLogger(__name__)

LONGEST_SLEEP_S = 2.0


class Entry(ModelEntry):  # type: ignore[misc] # django-celery-beat has no types
    """A periodic task; a last run in the future, left by a clock that ran ahead, counts as now."""

    last_run_at: datetime

    def is_due(self) -> Any:
        now = datetime.now(UTC)
        if is_ahead(self.last_run_at, at=now):
            self.last_run_at = self.model.last_run_at = now
        return super().is_due()


class Scheduler(DatabaseScheduler):  # type: ignore[misc] # django-celery-beat has no types
    """A database scheduler that renews its lease in Redis at least every two seconds."""

    Entry = Entry
    is_cut_off = False
    clock_offset_s = -inf

    def tick(self, *args: Any, **options: Any) -> float:
        """Send due tasks; return the seconds to sleep, two at most."""
        self._renew_lease()
        self._follow_clock()
        pause_s: float = super().tick(*args, **options)
        return min(pause_s, LONGEST_SLEEP_S)

    def _follow_clock(self) -> None:
        """Read the schedule again after the clock was set back: its times are too far ahead."""
        offset_s = time.time() - time.monotonic()
        set_back_s = self.clock_offset_s - offset_s
        self.clock_offset_s = offset_s
        if set_back_s > SKEW.total_seconds():
            logger.warning("the clock was set back by %.0f s", set_back_s)
            self._initial_read, self._last_timestamp, self._heap = True, None, None

    def _renew_lease(self) -> None:
        try:
            redis_client().set(board.BEAT_KEY, 1, px=board.BEAT_LEASE_MS)
            self.is_cut_off = False
        except redis.RedisError as error:
            if not self.is_cut_off:
                logger.warning("beat's lease was not renewed: %s", error)
            self.is_cut_off = True
