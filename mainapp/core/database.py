"""Time limits for database calls, and detection of errors caused by an unavailable database."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import monotonic
from zlib import crc32

from django.db import InterfaceError, OperationalError
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponseBase

REQUEST_S = 7.0  # of the 10 s in which a request has to end
RETRY_AFTER_S = 5
_UNAVAILABLE_IN_SQLITE = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN),
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
}
_PRIMARY_CODE = 0xFF

_deadline: ContextVar[float | None] = ContextVar("database_deadline", default=None)
_call_limit_s: ContextVar[float | None] = ContextVar("database_call_limit", default=None)


class ProcessLimit:
    """Time limit of each call outside requests, in seconds; None for commands like `migrate`."""

    call_s: float | None = None


@contextmanager
def calls_limited(seconds: float) -> Iterator[None]:
    """Limit each single database call in the block, but not their total time."""
    token = _call_limit_s.set(seconds)
    try:
        yield
    finally:
        _call_limit_s.reset(token)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limit the database calls in the block to `seconds` in total; calls after that fail."""
    token = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_s() -> float | None:
    """Return how long a database call may take now, in seconds from 0; None without a limit."""
    deadline = _deadline.get()
    if deadline is not None:
        return max(0.0, deadline - monotonic())
    call_s = _call_limit_s.get()
    return ProcessLimit.call_s if call_s is None else call_s


def is_limited() -> bool:
    """Return whether the caller is inside a `limited` block."""
    return _deadline.get() is not None


def direct_connection() -> BaseDatabaseWrapper:
    """Return a new connection outside of the pool, for the caller to close."""
    connection: BaseDatabaseWrapper = default_connection.copy()
    connection.settings_dict.get("OPTIONS", {}).pop("pool", None)
    return connection


@contextmanager
def one_at_a_time(name: str, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock of that name in the database; call `on_wait` before waiting for another process.

    The lock ends with its process. For SQLite it is a lock on a file next to the database.
    """
    lock = _lock_in_postgresql if default_connection.vendor == "postgresql" else _lock_file
    with lock(name, on_wait):
        yield


@contextmanager
def _lock_in_postgresql(name: str, on_wait: Callable[[], None]) -> Iterator[None]:
    # Not from the pool: the lock belongs to the session, which the pool may reuse or close.
    connection = direct_connection()
    number = crc32(f"pregao {name}".encode())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            if not cursor.fetchone()[0]:
                on_wait()
                cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        yield
    finally:
        connection.close()


@contextmanager
def _lock_file(name: str, on_wait: Callable[[], None]) -> Iterator[None]:
    with Path(f"{default_connection.settings_dict['NAME']}.{name}-lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def limit_database_time(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Limit the total time that a request waits for the database, over all its queries."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with limited(REQUEST_S):
            return get_response(request)

    return middleware


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether an error means that the database is unreachable, locked, full or too slow.

    On SQLite the error code decides: mistakes in a query also raise OperationalError there.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return (code & _PRIMARY_CODE) in _UNAVAILABLE_IN_SQLITE
    return True
