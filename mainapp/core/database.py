"""Time limits of database calls, and recognition of failures that the database caused."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from django.db import InterfaceError, OperationalError
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
    """Limit of each call outside a request, in seconds; None for commands such as `migrate`."""

    call_s: float | None = None


@contextmanager
def calls_limited(seconds: float) -> Iterator[None]:
    """Limit each single database call of the block, which has no limit in total."""
    token = _call_limit_s.set(seconds)
    try:
        yield
    finally:
        _call_limit_s.reset(token)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limit the database calls of the block to `seconds` in total; a later one fails."""
    token = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_s() -> float | None:
    """Return the time that a database call may take now, 0 at least; None without a limit."""
    deadline = _deadline.get()
    if deadline is not None:
        return max(0.0, deadline - monotonic())
    call_s = _call_limit_s.get()
    return ProcessLimit.call_s if call_s is None else call_s


def is_limited() -> bool:
    """Return whether the caller is in a `limited` block."""
    return _deadline.get() is not None


def limit_database_time(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Limit the time that a request waits for the database, in all its queries together."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with limited(REQUEST_S):
            return get_response(request)

    return middleware


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether a request failed because of an unreachable, locked, full or slow database.

    On SQLite, OperationalError is also raised for mistakes in a query.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0)
        return (code & _PRIMARY_CODE) in _UNAVAILABLE_IN_SQLITE
    return True
