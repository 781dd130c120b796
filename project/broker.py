"""Celery's transport and result backend on the connection pools of `mainapp.core.redis`.

kombu and Celery parse Redis URLs themselves, and neither accepts a percent-encoded socket path or
several sentinels in one URL. Here both use the same pools as every other client.

A Redis that refuses to write (a replica, a full one, one that loads its data) counts as a lost
connection: the worker reconnects until it accepts writes again.

A message that is not shaped like ours is discarded: one that is not JSON would end the worker.
"""

import logging
from base64 import b64decode
from contextlib import suppress
from time import monotonic
from typing import Any, Literal, TypedDict

import redis
from celery.backends.redis import RedisBackend, ResultConsumer  # type: ignore[attr-defined] # not in its stubs
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from kombu.utils.json import loads
from redis.backoff import NoBackoff
from redis.retry import Retry

from mainapp.core.realtime.messages import MalformedMessage, check_shape
from mainapp.core.redis import CELERY_TIMEOUT_S, MAX_CONNECTIONS, connection_class, connection_pool
from mainapp.core.redis_address import RedisAddress, parse_redis_url

logger = logging.getLogger(__name__)

WRITE_CHECK = "write-check"
REFUSALS = (redis.RedisError, OSError)
# Messages received on lost connections and not yet returned to their queue, by delivery tag. None
# means that the task has finished, so that only the record of its delivery has to be deleted.
_unreturned: dict[str, Any] = {}


class _Delivery(TypedDict):
    exchange: str
    routing_key: str


class _RequiredProperties(TypedDict):
    delivery_tag: str
    delivery_info: _Delivery


class _Properties(_RequiredProperties, total=False):
    body_encoding: Literal["base64"]  # of our own tasks; without it, the body is text


class _Headers(TypedDict, total=False):
    task: str
    id: str
    retries: int
    eta: str | None
    expires: str | None
    timelimit: list[int | float | None]
    compression: None
    stamped_headers: list[str] | None
    stamps: dict[str, Any] | None
    group: str | None
    root_id: str | None
    parent_id: str | None
    ignore_result: bool
    replaced_task_nesting: int


_Message = TypedDict(
    "_Message",
    {
        "body": str,
        "content-type": str,
        "content-encoding": str,
        "headers": _Headers,
        "properties": _Properties,
    },
)


def checked_loads(text: str) -> Any:
    """Return a message, or an unacknowledged one with its exchange and routing key.

    Raises: MalformedMessage.
    """
    try:
        loaded = loads(text)
        message = loaded[0] if isinstance(loaded, list) and len(loaded) == 3 else loaded
        check_shape(message, _Message)
        if "body_encoding" in message["properties"]:
            b64decode(message["body"], validate=True)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(str(error)[:200]) from None
    if "task" in message["headers"] and "id" not in message["headers"]:
        raise MalformedMessage("a task without an id")
    return loaded


# For the queues and for unacknowledged messages.
kombu_redis.loads = checked_loads  # type: ignore[attr-defined] # imported there


class QoS(kombu_redis.QoS):
    """The unacknowledged messages, none of which is lost if Redis refuses to write."""

    channel: Any
    _delivered: Any

    def append(self, message: Any, delivery_tag: str) -> None:
        """Record a received message, at least in memory.

        BRPOP has already removed it from its queue, so an error here would lose the task. A full
        Redis allows BRPOP but not this write, whose error used to end the worker.
        """
        try:
            super().append(message, delivery_tag)
        except REFUSALS as error:
            logger.warning("a received task is recorded in memory only: %s", error)
            virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Delete a finished message, as soon as Redis accepts writes."""
        try:
            super().ack(delivery_tag)
            _unreturned.pop(delivery_tag, None)
        except (*REFUSALS, AttributeError):  # a closed channel raises AttributeError
            _unreturned[delivery_tag] = None
            virtual.QoS.ack(self, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:
        """Return all messages to their queues; if that fails, the next connection does it."""
        _unreturned.update(self._delivered)
        self._delivered.clear()
        # kombu raises AttributeError if it has closed the connection itself.
        with suppress(*REFUSALS, AttributeError):
            self.channel.return_messages()

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Return a message of a worker that died to its queue; forget a malformed one."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except MalformedMessage as error:
            logger.warning("an unfinished task was discarded: %s", error)
            with self.channel.conn_or_acquire(client) as connected:
                remove: Any = self._remove_from_indices  # type: ignore[attr-defined] # not in kombu's stubs
                remove(tag, connected.pipeline()).execute()


class Channel(kombu_redis.Channel):
    """A channel to the Redis at the connection's URL, in any form that REDIS_URL allows."""

    QoS = QoS

    def return_messages(self) -> None:
        """Check that Redis accepts writes, and return messages of lost connections to their queues.

        Raises: redis.RedisError.
        """
        qos: Any = self.qos
        with self.conn_or_acquire() as client:
            # A read-only Redis refuses DEL. A full one allows it, and the worker must connect to a
            # full one: consuming the queues frees memory.
            client.delete(WRITE_CHECK)
            for tag, message in list(_unreturned.items()):
                pipe = client.pipeline()
                qos._remove_from_indices(tag, pipe)
                if message is not None:
                    info = message.delivery_info
                    restore: Any = self._do_restore_message  # type: ignore[attr-defined] # not in kombu's stubs
                    restore(
                        message._raw, info["exchange"], info["routing_key"], pipe, leftmost=True
                    )
                pipe.execute()
                _unreturned.pop(tag, None)

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc] # not in kombu's stubs
        except MalformedMessage as error:
            logger.warning("a task was discarded: %s", error)
            return True

    def _get_pool(self, asynchronous: bool = False) -> redis.ConnectionPool:
        at = parse_redis_url(self.connection.client.hostname)  # type: ignore[union-attr,arg-type] # a channel has a connection
        self.keyprefix_fanout = self.keyprefix_fanout.format(db=at.database)
        options = _options()
        if asynchronous:
            options["connection_class"] = self._polled(connection_class(at))
        return connection_pool(at, **options)

    def _polled(self, base: Any) -> Any:
        """Return a connection class that removes itself from kombu's poller on disconnect."""
        channel = self

        class PolledConnection(base):  # type: ignore[misc] # the class depends on the URL
            def disconnect(self, *args: Any, **options: Any) -> None:
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


class PollingResultConsumer(ResultConsumer):  # type: ignore[misc] # not in Celery's stubs
    """Receives results by pub/sub, and polls pending ones every CELERY_TIMEOUT_S.

    A subscription to a frozen server gets no message and no error: after a failover
    `AsyncResult.get()` never returned.
    """

    _polled_at = 0.0

    def drain_events(self, timeout: float | None = None) -> None:
        super().drain_events(timeout)
        if monotonic() - self._polled_at > CELERY_TIMEOUT_S:
            self._polled_at = monotonic()
            with suppress(redis.RedisError, OSError):
                self._poll()

    def _poll(self) -> None:
        if names := list(self.subscribed_to):
            for meta in filter(None, self.backend.client.mget(names)):
                self.on_state_change(self._decode_result(meta), None)


class ResultBackend(RedisBackend):
    """Stores results in the broker's Redis."""

    ResultConsumer = PollingResultConsumer

    def store_result(
        self, task_id: str, result: Any, state: str, *args: Any, **options: Any
    ) -> Any:
        """Store a result; log a refusal by Redis instead of raising it.

        After an error here, Celery does not acknowledge the task. After eight such tasks the worker
        consumed no more, even when Redis had memory again.
        """
        try:
            return super().store_result(task_id, result, state, *args, **options)
        except REFUSALS as error:
            logger.warning("the result of a task is not stored: %s", error)
            return result

    def as_uri(self, include_password: bool = False) -> str:
        return str(self._address())

    def _get_pool(self, **params: Any) -> redis.ConnectionPool:
        return connection_pool(self._address(), **_options())

    def _address(self) -> RedisAddress:
        return parse_redis_url(self.app.conf.broker_url)  # type: ignore[attr-defined] # not in Celery's stubs


def _options() -> dict[str, Any]:
    return {
        "socket_timeout": CELERY_TIMEOUT_S,
        "socket_connect_timeout": CELERY_TIMEOUT_S,
        "health_check_interval": CELERY_TIMEOUT_S,
        "max_connections": MAX_CONNECTIONS,
        "retry": Retry(NoBackoff(), 0),  # kombu and `SteadyConnection` retry themselves
    }
