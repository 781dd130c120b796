"""The database scheduler of beat, with a lease in Redis that /readyz checks."""

import logging
from typing import Any

import redis
from django_celery_beat.schedulers import DatabaseScheduler

from mainapp.core.redis import client as redis_client
from mainapp.market import board

logger = logging.getLogger(__name__)

LEASE_MS = 15_000
LONGEST_SLEEP_S = 2.0


class Scheduler(DatabaseScheduler):  # type: ignore[misc] # django-celery-beat has no types
    """A database scheduler that renews its lease in Redis at least every two seconds."""

    is_cut_off = False

    def tick(self, *args: Any, **options: Any) -> float:
        """Send due tasks; return the seconds to sleep, two at most."""
        self._renew_lease()
        pause_s: float = super().tick(*args, **options)
        return min(pause_s, LONGEST_SLEEP_S)

    def _renew_lease(self) -> None:
        try:
            redis_client().set(board.BEAT_KEY, 1, px=LEASE_MS)
            self.is_cut_off = False
        except redis.RedisError as error:
            if not self.is_cut_off:
                logger.warning("beat's lease was not renewed: %s", error)
            self.is_cut_off = True
