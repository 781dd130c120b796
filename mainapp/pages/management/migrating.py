"""Migrations while the site runs: none blocks other processes for long.

While a migration waits for a table lock, all later requests for the table wait behind it. So it
gives up after 5 s, lets them pass, and tries again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

LOCK_TIMEOUT_S, PAUSE_S, TRIES = 5, 1.0, 60
LOCK_NOT_AVAILABLE = "55P03"


def migrate(*, on_wait: Callable[[], None]) -> str:
    """Run missing migrations; checking first is ten times cheaper than always running `migrate`.

    `on_wait` is called once if others lock a table for longer than LOCK_TIMEOUT_S. Raises:
    OperationalError if it is still locked after TRIES.
    """
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return "up to date"
    # Building an index concurrently waits for all older transactions.
    is_quick = all(step.atomic for step, _ in plan)
    with _lock_timeout(LOCK_TIMEOUT_S if is_quick else 0):
        _apply(on_wait)
    return f"{len(plan)} migrations applied"


def _apply(on_wait: Callable[[], None]) -> None:
    for attempt in range(TRIES):
        try:
            # Applied migrations stay applied: the next attempt continues after them.
            call_command("migrate", interactive=False, verbosity=0)
            return
        except OperationalError as error:
            if not _is_locked(error) or attempt == TRIES - 1:
                raise
            if attempt == 0:
                on_wait()
            time.sleep(PAUSE_S)


def _is_locked(error: OperationalError) -> bool:
    cause: Any = error.__cause__
    return getattr(cause, "sqlstate", None) == LOCK_NOT_AVAILABLE


@contextmanager
def _lock_timeout(seconds: int) -> Iterator[None]:
    if connection.vendor != "postgresql" or not seconds:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{seconds}s'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
