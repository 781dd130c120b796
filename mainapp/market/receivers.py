"""Threads of a Celery worker besides its tasks: the worker's lease, and the watchdog of batches."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import Any

import redis
from celery.signals import worker_ready, worker_shutting_down
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from mainapp.market.services import updating

logger = logging.getLogger(__name__)

PULSE_S = 0.5  # a quarter of the worker's lease
MAX_PAUSE_S = 2.0
# Web processes renew their leases every second: after this long, all watched symbols are leased.
LEASE_WAIT_S = 1.2
stopped = Event()


def start_threads(**_kwargs: Any) -> None:
    """Start the worker's two threads."""
    for job in (renew_worker_lease, BatchWatchdog().run_overdue_batch):
        Thread(target=_repeat, args=[job], daemon=True, name=job.__name__).start()


def renew_worker_lease(is_resumed: bool) -> None:
    """Renew the lease of living workers; without it, pages show the feed as down."""
    updating.quote_board().renew_worker_lease()


class BatchWatchdog:
    """Restores a lost board and runs overdue batches.

    A batch is overdue if beat is down or the last batch failed. One more runs after each
    interruption (the worker started, was suspended, or had no Redis), as soon as the web processes
    have had time to renew their leases: open pages wait for prices, whatever the next due time. It
    is left out if other workers ran all batches meanwhile, and the board was not lost: the source
    would get two requests in one interval.
    """

    def __init__(self) -> None:
        self._due_at: float | None = None
        self._resumed_at = timezone.now()
        self._was_lost = False

    def run_overdue_batch(self, is_resumed: bool) -> None:
        now = timezone.now()
        if updating.restore_board():
            logger.info("the board was lost and is restored from the last recorded quotes")
            is_resumed = self._was_lost = True
        if is_resumed:
            self._due_at, self._resumed_at = monotonic() + LEASE_WAIT_S, now
        is_due = self._due_at is not None and monotonic() >= self._due_at
        if (
            is_due
            and not self._was_lost
            and updating.is_on_time(resumed_at=self._resumed_at, at=now)
        ):
            self._due_at, is_due = None, False
        if is_due or updating.is_overdue(at=now):
            has_run = updating.update_watched(at=now, at_once=is_due)
            if is_due and has_run:
                self._due_at, self._was_lost = None, False


def _repeat(job: Callable[[bool], None]) -> None:
    """Call `job` until the worker stops, with True for the first call after an interruption.

    A long pause between two calls means that the process was suspended.
    """
    is_resumed, is_failing, paused_at = True, False, monotonic()
    while not stopped.wait(PULSE_S):
        is_resumed = is_resumed or monotonic() - paused_at > MAX_PAUSE_S
        try:
            job(is_resumed)
            is_resumed = is_failing = False
        except (redis.RedisError, DatabaseError) as error:
            if not is_failing:
                logger.warning("%s waits: %s", job.__name__, error)
            is_resumed = is_failing = True
        except Exception:
            if not is_failing:
                logger.exception("%s failed and will be retried", job.__name__)
            is_failing = True
        finally:
            close_old_connections()
            paused_at = monotonic()


def stop_threads(**_kwargs: Any) -> None:
    stopped.set()


worker_ready.connect(start_threads)
worker_shutting_down.connect(stop_threads)
