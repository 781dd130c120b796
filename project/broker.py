"""Celery's transport and result backend on the connection pools of `mainapp.core.redis`.

kombu and Celery parse Redis URLs themselves, and neither accepts a percent-encoded socket path or
several sentinels in one URL. Here both use the same pools as every other client.
"""

from contextlib import suppress
from time import monotonic
from typing import Any

import redis
from celery.backends.redis import RedisBackend, ResultConsumer  # type: ignore[attr-defined] # not in its stubs
from kombu.transport import redis as kombu_redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mainapp.core.redis import CELERY_TIMEOUT_S, MAX_CONNECTIONS, connection_class, connection_pool
from mainapp.core.redis_address import RedisAddress, parse_redis_url


class Channel(kombu_redis.Channel):
    """A channel to the Redis at the connection's URL, in any form that REDIS_URL allows."""

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
        "retry": Retry(NoBackoff(), 0),
    }
