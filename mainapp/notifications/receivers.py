"""Signal receivers: hints to open pages and workers after a commit, and a worker's shutdown."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from celery.signals import worker_shutting_down
from django.db import transaction

from mainapp.notifications.services.delivering import stopping
from mainapp.notifications.signals import rows_written
from mainapp.notifications.tasks import send_hints


def hint_after_commit(users: list[int] | None, has_deliveries: bool, **_kwargs: Any) -> None:
    """Send the hints from a separate thread, so that no request waits for Redis.

    The duration of a request must also not reveal whether it wrote a message.
    """

    def send() -> None:
        _hinter().submit(send_hints, users, has_deliveries)

    transaction.on_commit(send)


@cache
def _hinter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hints")


def stop_claiming(**_kwargs: Any) -> None:
    stopping.set()


# Threads do not survive a fork: the pool's copy in a Celery child would queue hints forever.
os.register_at_fork(after_in_child=_hinter.cache_clear)
rows_written.connect(hint_after_commit)
worker_shutting_down.connect(stop_claiming)
