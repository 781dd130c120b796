"""What a worker does beside its tasks: it says that it lives, and sees that batches keep coming."""

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

PULSE_S = 0.5
STOPPED_S = 2.0
SETTLE_S = 1.2  # web processes renew their leases every second
stopped = Event()


def start_keeping(**_kwargs: Any) -> None:
    """Start the worker's two threads."""
    for work in (renew_worker_lease, BatchKeeper().keep_coming):
        Thread(target=_repeat, args=[work], daemon=True, name=work.__name__).start()


def renew_worker_lease(is_back: bool) -> None:
    """Say that a worker lives; pages call the feed down when nobody does."""
    updating.the_board().renew_worker_lease()


class BatchKeeper:
    """Refills a lost board, and runs the batches that nobody else does.

    Those that beat or a failing source still owes; and one after each silence (this worker is new,
    was stopped, or had no Redis), as soon as the web processes had time to lease again what they
    watch: open pages wait for a price, whenever the next batch would have been due.
    """

    def __init__(self) -> None:
        self._owed_at: float | None = None

    def keep_coming(self, is_back: bool) -> None:
        if updating.restore_board():
            logger.info("the board was empty and is filled with the last recorded quotes")
            is_back = True
        if is_back:
            self._owed_at = monotonic() + SETTLE_S
        is_owed = self._owed_at is not None and monotonic() >= self._owed_at
        now = timezone.now()
        if is_owed or updating.is_overdue(at=now):
            has_run = updating.update_watched(at=now, at_once=is_owed)
            if is_owed and has_run:
                self._owed_at = None


def _repeat(work: Callable[[bool], None]) -> None:
    """Repeat `work` until the worker ends; it is told when it is the first after a silence."""
    is_back, is_away, paused_at = True, False, monotonic()
    while not stopped.wait(PULSE_S):
        is_back = is_back or monotonic() - paused_at > STOPPED_S
        try:
            work(is_back)
            is_back = is_away = False
        except (redis.RedisError, DatabaseError) as error:
            if not is_away:
                logger.warning("%s waits: %s", work.__name__, error)
            is_back = is_away = True
        except Exception:
            if not is_away:
                logger.exception("%s failed and is tried again", work.__name__)
            is_away = True
        finally:
            close_old_connections()
            paused_at = monotonic()


def stop_keeping(**_kwargs: Any) -> None:
    stopped.set()


worker_ready.connect(start_keeping)
worker_shutting_down.connect(stop_keeping)
