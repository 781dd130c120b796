"""A pool of PostgreSQL connections that survives restarts and lost packets.

psycopg_pool connects in a background thread, with pauses of 1, 2, 4 … s: after a restart of the
server, requests failed for 4 s. Here each request connects by itself, and a connection that the
server has closed is noticed without a query.
"""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from threading import BoundedSemaphore, Lock
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from mainapp.core.database import REQUEST_S, is_limited, remaining_s

WAIT_S = 4.0  # for a free connection, and for a server that restarts
RETRY_S = 0.1
MAX_IDLE_S = 600.0
MIN_CONNECT_S = 2  # libpq's minimum


class Connection(psycopg.Connection[Any]):
    """A connection whose calls end in the time that `core.database` allows."""

    idle_since = 0.0
    has_statement_timeout = False

    def wait(self, generator: Any, interval: float = RETRY_S, timeout: float | None = None) -> Any:
        """Run a call; close the connection if there is no reply in time.

        A machine or proxy may accept data and never reply, which no timeout of the kernel or the
        server detects.
        """
        limit_s = remaining_s() if timeout is None else timeout
        try:
            return super().wait(generator, interval, limit_s)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError("the database did not answer in time") from None


class Pool:
    """At most `max_size` connections; when one is lost, the pool closes the idle ones too."""

    def __init__(
        self,
        parameters: dict[str, Any],
        *,
        max_size: int,
        configure: Callable[[Connection], Any] = lambda _connection: None,
    ) -> None:
        self._parameters = parameters
        self._configure = configure
        self.max_size = max_size
        self._reset()
        # Connections belong to the process that made them; a fork opens its own.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._idle: list[Connection] = []
        self._lock = Lock()
        self._free = BoundedSemaphore(self.max_size)
        self._down_since: float | None = None

    def counts(self) -> tuple[int, int]:
        """Return the numbers of used and idle connections."""
        with self._lock:
            idle = len(self._idle)
        return self.max_size - self._free._value, idle

    def open(self) -> None:
        """Do nothing: connections are opened on demand, but Django calls this."""

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def getconn(self) -> Connection:
        """Return an idle connection that the server has not closed, or a new one.

        Raises: psycopg.OperationalError.
        """
        if not self._free.acquire(timeout=_at_most(WAIT_S)):
            raise psycopg.OperationalError("all connections to the database are in use")
        try:
            connection = self._pop_idle() or self._connect()
            if is_limited() and not connection.has_statement_timeout:
                connection.execute(f"SET statement_timeout = {REQUEST_S * 1000:.0f}")
                connection.has_statement_timeout = True
        except BaseException:
            self._free.release()
            raise
        return connection

    def putconn(self, connection: Connection) -> None:
        """Return a connection to the pool."""
        try:
            self._add_idle(connection)
        finally:
            self._free.release()

    def _add_idle(self, connection: Connection) -> None:
        if connection.pgconn.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        ):
            with suppress(psycopg.Error):
                connection.rollback()
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            connection.close()
            self.close()  # the idle ones were probably lost at the same time, or hang as well
            return
        connection.autocommit = True
        connection.idle_since = monotonic()
        with self._lock:
            self._idle.append(connection)
            oldest = self._idle[0]
            if connection.idle_since - oldest.idle_since < MAX_IDLE_S:
                return
            self._idle.remove(oldest)
        oldest.close()

    def _pop_idle(self) -> Connection | None:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None or not _is_readable(connection):
            return connection
        connection.close()
        self.close()
        return None

    def _connect(self) -> Connection:
        """Connect; during the first WAIT_S of an outage, try again until it succeeds.

        Later each call tries once, so that requests do not accumulate.
        """
        while True:
            try:
                connection = self._connect_once()
            except psycopg.OperationalError:
                now = monotonic()
                self._down_since = self._down_since or now
                if now - self._down_since > WAIT_S or _at_most(WAIT_S) < MIN_CONNECT_S:
                    raise
                sleep(RETRY_S)
            else:
                self._down_since = None
                return connection

    def _connect_once(self) -> Connection:
        timeout_s = max(MIN_CONNECT_S, int(_at_most(self._parameters["connect_timeout"])))
        parameters = {**self._parameters, "connect_timeout": timeout_s}
        connection = Connection.connect(**parameters)
        connection._pool = self  # by which Django finds the pool to return it to
        self._configure(connection)
        # The plan that finds the ideas and alerts of 400 quotes costs 465,000, and takes 4 ms; from
        # 100,000 on a server with LLVM would compile it anew each time.
        connection.execute("SET jit = off")
        return connection


def _at_most(seconds: float) -> float:
    limit_s = remaining_s()
    return seconds if limit_s is None else min(seconds, limit_s)


def _is_readable(connection: Connection) -> bool:
    """Return whether an idle connection has unread data, which means the server closed it."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
