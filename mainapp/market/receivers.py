"""What a worker does beside its tasks: it says that it lives, and sees that batches keep coming."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import redis
from celery.signals import worker_ready, worker_shutting_down
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from mainapp.market.services import updating

logger = logging.getLogger(__name__)

PULSE_S = 0.5
stopped = Event()


def start_keeping(**_kwargs: Any) -> None:
    """Start the worker's two threads."""
    for work in (renew_worker_lease, keep_batches_coming):
        Thread(target=_repeat, args=[work], daemon=True, name=work.__name__).start()


def renew_worker_lease() -> None:
    """Say that a worker lives; pages call the feed down when nobody does."""
    updating.the_board().renew_worker_lease()


def keep_batches_coming() -> None:
    """Refill a lost board, and run the batch that beat or a failing source still owes."""
    if updating.restore_board():
        logger.warning("the board was lost and is filled again with the last recorded quotes")
    now = timezone.now()
    if updating.is_overdue(at=now):
        updating.update_watched(at=now)


def _repeat(work: Callable[[], None]) -> None:
    """Repeat `work` until the worker ends; a store that is away is waited for."""
    is_away = False
    while not stopped.wait(PULSE_S):
        try:
            work()
            is_away = False
        except (redis.RedisError, DatabaseError) as error:
            if not is_away:
                logger.warning("%s waits: %s", work.__name__, error)
            is_away = True
        finally:
            close_old_connections()


def stop_keeping(**_kwargs: Any) -> None:
    stopped.set()


worker_ready.connect(start_keeping)
worker_shutting_down.connect(stop_keeping)
