"""Health checks of this process and of the services on which it depends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from mainapp.core import static_files
from mainapp.core.clocks import is_ahead, is_lease_held
from mainapp.core.database import limited
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import board

TIMEOUT_S = 1.0
WRITE_CHECK_MS = 1000
# A batch may need its source's timeout and a retry before it counts as missing.
BATCH_GRACE = timedelta(seconds=15)

# Checks that hang block these threads, not those that serve pages.
_threads = ThreadPoolExecutor(max_workers=10, thread_name_prefix="health")


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    futures = {name: _threads.submit(check) for name, check in CHECKS.items()}
    wait(futures.values(), timeout=TIMEOUT_S)
    states = {
        name: future.result() if future.done() else f"no answer within {TIMEOUT_S:g} s"
        for name, future in futures.items()
    }
    is_ready = all(state == "ok" for state in states.values())
    response = JsonResponse(states, status=200 if is_ready else 503)
    # Django would log each 503 as an error, although monitors expect some while the site starts.
    response._has_been_logged = True  # type: ignore[attr-defined] # Django's own mark
    return response


def check_database() -> str:
    try:
        with limited(TIMEOUT_S), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "the database does not answer"
    finally:
        connection.close()
    return "ok"


def check_redis() -> str:
    """Check that Redis accepts writes: a replica and a full Redis still reply to PING."""

    def check() -> str:
        try:
            redis_client().set(key("write-check"), 1, px=WRITE_CHECK_MS)
        except redis.ReadOnlyError:
            return "Redis is read-only"
        except redis.OutOfMemoryError:
            return "Redis is full"
        except redis.ResponseError:
            return "Redis refuses writes"
        return "ok"

    return _check_with_redis(check)


def check_batch() -> str:
    """Check that the last batch is neither overdue nor in the future."""

    def check() -> str:
        status = board.Board(kind=settings.QUOTE_KIND, redis_client=redis_client()).status()
        if status is None:
            return "no batch of quotes yet"
        now = timezone.now()
        if status.is_ahead(now):
            batch_s = (status.batch_at - now).total_seconds()
            due_s = (status.next_due_at - now).total_seconds()
            if is_ahead(status.batch_at, at=now):
                return f"the last batch is {batch_s:.0f} s in the future: a clock was set back"
            return f"the next batch is due only in {due_s:.0f} s: a clock was set back"
        if now <= status.next_due_at + BATCH_GRACE:
            return "ok"
        return f"the last batch is {(now - status.batch_at).total_seconds():.0f} s old"

    return _check_with_redis(check)


def check_worker() -> str:
    return _check_lease(board.WORKER_KEY, board.WORKER_LEASE_MS, "no worker renews its lease")


def check_beat() -> str:
    return _check_lease(board.BEAT.key, board.BEAT.lease_ms, "no beat renews its lease")


def check_static_files() -> str:
    return static_files.fault() or "ok"


def _check_lease(name: str, lease_ms: int, otherwise: str) -> str:
    def check() -> str:
        left_ms: Any = redis_client().pttl(name)
        return "ok" if is_lease_held(left_ms, lease_ms=lease_ms) else otherwise

    return _check_with_redis(check)


def _check_with_redis(check: Callable[[], str]) -> str:
    try:
        return check()
    except redis.RedisError:
        return "Redis does not answer"


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "redis": check_redis,
    "batch": check_batch,
    "worker": check_worker,
    "beat": check_beat,
    "static_files": check_static_files,
}
