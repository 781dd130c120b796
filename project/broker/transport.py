"""Celery's transport.

A Redis that refuses to write (a replica, a full one, one that loads its data) counts as a lost
connection: the worker reconnects until it accepts writes again.
"""

import logging
import os
from contextlib import suppress
from typing import Any

import redis
from kombu.transport import redis as kombu_redis

from mainapp.core.realtime.messages import MalformedMessage
from mainapp.core.redis import connection_class, connection_pool
from mainapp.core.redis_address import parse_redis_url
from project.broker.late_replies import LateReply, move_socket
from project.broker.messages import checked_loads
from project.broker.pools import pool_options
from project.broker.qos import WRITE_CHECK, QoS, unreturned

logger = logging.getLogger(__name__)

# For the queues and for unacknowledged messages.
kombu_redis.loads = checked_loads  # type: ignore[attr-defined] # imported there


class Channel(kombu_redis.Channel):
    """A channel to the Redis at the connection's URL, in any form that REDIS_URL allows."""

    QoS = QoS
    _qos: Any
    _in_poll: Any  # of kombu: the connection that waits for the reply to BRPOP

    def return_messages(self) -> None:
        """Check that Redis accepts writes, and return messages of lost connections to their queues.

        Raises: redis.RedisError.
        """
        qos: Any = self.qos
        with self.conn_or_acquire() as client:
            # A read-only Redis refuses DEL. A full one allows it, and the worker must connect to a
            # full one: consuming the queues frees memory.
            client.delete(WRITE_CHECK)
            for tag in list(unreturned):
                qos.delete_or_return(tag, client)

    def close(self) -> None:
        if self._qos:
            self._qos.end_renewal()
        super().close()

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc] # not in kombu's stubs
        except MalformedMessage as error:
            logger.warning("a task was discarded: %s", error)
            return True

    def _get_pool(self, asynchronous: bool = False) -> redis.ConnectionPool:
        at = parse_redis_url(self.connection.client.hostname)  # type: ignore[union-attr,arg-type] # a channel has a connection
        self.keyprefix_fanout = self.keyprefix_fanout.format(db=at.database)
        options = pool_options()
        if asynchronous:
            options["connection_class"] = self._polled(connection_class(at))
        return connection_pool(at, **options)

    def _brpop_start(self, timeout: float | None = None) -> None:
        """Send BRPOP; first delete the records of tasks that could not be acknowledged.

        The server has just replied to the last BRPOP. Without this, a record whose deletion timed
        out remained until the next lost connection, and its task ran again after an hour.
        """
        if unreturned:
            self.return_messages()
        super()._brpop_start(timeout)  # type: ignore[misc] # not in kombu's stubs

    def _stop_polling(self, sock: Any) -> None:
        """Unregister a socket that stays open after its connection is closed."""
        if self.connection:
            cycle: Any = self.connection.cycle
            cycle._unregister_from_poll(sock.fileno())

    def _polled(self, base: Any) -> Any:
        """Return a connection class that removes itself from kombu's poller on disconnect.

        If it waits for the reply to BRPOP, its socket remains open until the reply arrives.
        """
        channel = self

        class PolledConnection(base):  # type: ignore[misc] # the class depends on the URL
            def disconnect(self, *args: Any, **options: Any) -> None:
                # Not after a fork: the parent still uses the socket.
                if channel._in_poll is self and self._sock and self.pid == os.getpid():
                    channel._stop_polling(self._sock)
                    # No thread can be started while the interpreter ends.
                    with suppress(RuntimeError):
                        LateReply(move_socket(self, base)).start()
                super().disconnect(*args, **options)
                if channel._registered:  # type: ignore[attr-defined] # not in kombu's stubs
                    channel._on_connection_disconnect(self)  # type: ignore[attr-defined] # not in kombu's stubs

        return PolledConnection


class Transport(kombu_redis.Transport):
    Channel = Channel
    can_parse_url = True
    # ResponseError is that of UNBLOCKED, READONLY, OOM, MISCONF, NOREPLICAS and NOPERM.
    connection_errors = (*kombu_redis.Transport.connection_errors, redis.ResponseError)

    def establish_writable_connection(self) -> Any:
        """Connect to a Redis that accepts writes. Raises: redis.RedisError, OSError."""
        connection: Any = self.establish_connection()
        channels: list[Channel] = self._avail_channels  # type: ignore[attr-defined] # not in kombu's stubs
        try:
            channels[-1].return_messages()
        except BaseException:
            self.close_connection(connection)
            raise
        return connection

    def as_uri(self, uri: str, include_password: bool = False, mask: str = "**") -> str:
        return uri if include_password else str(parse_redis_url(uri))
