"""Factory of Redis connections for clients, the channel layer, the cache and Celery.

Names of keys and channels begin with `prefix()`, which contains REDIS_PREFIX and the database
number. So instances that share a server are separate even in pub/sub, which ignores databases.
"""

from collections import Counter
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis import asyncio as aioredis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool as AsyncSentinelPool
from redis.asyncio.sentinel import SentinelManagedConnection as AsyncSentinelConnection
from redis.asyncio.sentinel import SentinelManagedSSLConnection as AsyncSentinelTLSConnection
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from mainapp.core.redis_address import RedisAddress, parse_redis_url

DEFAULT_PREFIX = "pregao"
# Calls of this process's clients that failed, by the error's class; Celery's own are not counted.
failed_calls: Counter[str] = Counter()
TIMEOUT_S = 1.0
# A waiting worker notices a frozen server after about three times this, plus the sentinels'
# failover. Measured with a frozen master: with Celery's defaults it hung forever, with 5 s it
# recovered after 43 s, with 2 s after 20 s.
CELERY_TIMEOUT_S = 2.0
# A worker renews the leases of its unacknowledged tasks and looks for orphans in this period.
LEASE_RENEWAL_S = 5.0
HEALTH_CHECK_S = 15
LAYER_HEALTH_CHECK_S = 2
# redis-py's default is 100, above which a pool raises: of 500 sockets opened at once, 53 failed.
MAX_CONNECTIONS = 1000


def address() -> RedisAddress:
    """Return the parsed REDIS_URL."""
    return _parsed(settings.REDIS_URL)


def prefix() -> str:
    """Return the prefix of this instance's keys and channels, such as "pregao:0"."""
    return instance_prefix(settings.REDIS_PREFIX, address())


def key(*parts: object) -> str:
    """Return the name of a key or channel: "room", 7, "present" gives "pregao:0:room:7:present"."""
    return ":".join((prefix(), *map(str, parts)))


class CountingRetry(Retry):
    """Counts failed calls; never retries."""

    def call_with_retry(self, *args: Any, **options: Any) -> Any:
        try:
            return super().call_with_retry(*args, **options)
        except redis.RedisError as error:
            _count_failure(error)
            raise


class CountingAsyncRetry(AsyncRetry):
    """Counts failed calls; never retries."""

    async def call_with_retry(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().call_with_retry(*args, **options)
        except redis.RedisError as error:
            _count_failure(error)
            raise


def _count_failure(error: redis.RedisError) -> None:
    """Count an error, except a script that Redis does not know yet: it is sent again."""
    if not isinstance(error, redis.exceptions.NoScriptError):
        failed_calls[type(error).__name__] += 1


@cache
def client(
    *, url: str = "", decode_responses: bool = False, timeout_s: float = TIMEOUT_S
) -> "redis.Redis":
    """Return the process's synchronous client, with one pool for each set of arguments.

    Its calls fail within `timeout_s` and are not retried. They raise redis.RedisError.
    """
    pool = connection_pool(
        _parsed(url) if url else address(),
        **_limits(timeout_s, CountingRetry(NoBackoff(), 0)),
        decode_responses=decode_responses,
    )
    return redis.Redis(connection_pool=pool)


def async_client(*, url: str = "", timeout_s: float = TIMEOUT_S) -> "aioredis.Redis":
    """Return a new client for the running event loop; close it with `await client.aclose()`.

    Its `pubsub()` has its own timeout for receiving. Its calls raise redis.RedisError.
    """
    pool = async_connection_pool(
        _parsed(url) if url else address(), **_limits(timeout_s, CountingAsyncRetry(NoBackoff(), 0))
    )
    return aioredis.Redis.from_pool(pool)


def connection_pool(
    at: RedisAddress, *, wait_s: float | None = None, **options: Any
) -> redis.ConnectionPool:
    """Return a new pool for synchronous clients.

    When `max_connections` are in use, the pool raises or, with `wait_s`, first waits that long for
    a free one. The option `connection_class` may be a subclass of `connection_class(at)`.
    """
    options = {"connection_class": connection_class(at), **_location(at), **options}
    if wait_s is not None:
        options["timeout"] = wait_s
    if not at.master:
        pool_class = redis.ConnectionPool if wait_s is None else redis.BlockingConnectionPool
        return pool_class(**options)
    sentinel = Sentinel(at.hosts, sentinel_kwargs=_sentinel_options(at, options))  # type: ignore[no-untyped-call] # redis-py has no types here
    sentinel_class = SentinelConnectionPool if wait_s is None else _BlockingSentinelPool
    return sentinel_class(at.master, sentinel, **options)  # type: ignore[no-untyped-call] # nor here


class _BlockingSentinelPool(SentinelConnectionPool, redis.BlockingConnectionPool):
    """Waits for a free connection to the master."""


def async_connection_pool(at: RedisAddress, **options: Any) -> "aioredis.ConnectionPool":
    """Return a new pool for the running event loop."""
    options = {"connection_class": _async_connection_class(at), **_location(at), **options}
    if not at.master:
        return aioredis.ConnectionPool(**options)
    sentinel = AsyncSentinel(at.hosts, sentinel_kwargs=_sentinel_options(at, options))  # type: ignore[no-untyped-call] # redis-py has no types here
    return AsyncSentinelPool(at.master, sentinel, **options)  # type: ignore[no-untyped-call] # nor here


def connection_class(at: RedisAddress) -> Any:
    """Return the class of synchronous connections to `at`."""
    if at.master:
        return SentinelManagedSSLConnection if at.is_tls else SentinelManagedConnection
    if at.path:
        return redis.UnixDomainSocketConnection
    return redis.SSLConnection if at.is_tls else redis.Connection


def instance_prefix(name: str, at: RedisAddress) -> str:
    return f"{name}:{at.database}"


def channel_layers(url: str, name: str) -> dict[str, Any]:
    """Return CHANNEL_LAYERS for a REDIS_URL and a REDIS_PREFIX."""
    at = _parsed(url)
    host = {
        "connection_class": _async_connection_class(at),
        **_location(at),
        **_limits(TIMEOUT_S, CountingAsyncRetry(NoBackoff(), 0)),
        "health_check_interval": LAYER_HEALTH_CHECK_S,
    }
    if at.master:
        host |= {
            "master_name": at.master,
            "sentinels": at.hosts,
            "sentinel_kwargs": _sentinel_options(at, host),
        }
    return {
        "default": {
            "BACKEND": "mainapp.core.redis_layer.ChannelLayer",
            "CONFIG": {"hosts": [host], "prefix": f"{instance_prefix(name, at)}:layer:"},
        }
    }


def caches(url: str, name: str) -> dict[str, Any]:
    """Return CACHES for a REDIS_URL and a REDIS_PREFIX."""
    return {
        "default": {
            "BACKEND": "mainapp.core.cache.SharedCache",
            "LOCATION": url,
            "KEY_PREFIX": f"{instance_prefix(name, _parsed(url))}:cache",
        }
    }


def broker_url(url: str) -> str:
    """Return CELERY_BROKER_URL. A semicolon is encoded, as kombu separates URLs by it."""
    return url.replace(";", "%3B")


def broker_options(url: str, name: str) -> dict[str, Any]:
    """Return Celery's transport options, for the broker and for results."""
    return {
        "global_keyprefix": f"{instance_prefix(name, _parsed(url))}:celery:",
        "health_check_interval": CELERY_TIMEOUT_S,
        # The pools set them too; kombu reads them here to limit the time of sending.
        "socket_timeout": CELERY_TIMEOUT_S,
        "socket_connect_timeout": CELERY_TIMEOUT_S,
        "unacked_restore_interval": LEASE_RENEWAL_S,
    }


def _limits(timeout_s: float, retry: Any) -> dict[str, Any]:
    return {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "health_check_interval": HEALTH_CHECK_S,
        "max_connections": MAX_CONNECTIONS,
        "retry": retry,
    }


def _location(at: RedisAddress) -> dict[str, Any]:
    """Return a connection's arguments for server, database, credentials and TLS."""
    options: dict[str, Any] = {"db": at.database, **at.tls}
    if at.username:
        options["username"] = at.username
    if at.password:
        options["password"] = at.password
    if at.path:
        return options | {"path": at.path}
    if at.master:
        return options
    ((host, port),) = at.hosts
    return options | {"host": host, "port": port}


def _sentinel_options(at: RedisAddress, options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the sentinels' clients, derived from those of the pool."""
    shared = ("socket_timeout", "socket_connect_timeout", "retry")
    chosen = {name: options[name] for name in shared if name in options}
    if at.is_tls:
        chosen |= {"ssl": True, **at.tls}
    if at.sentinel_username:
        chosen["username"] = at.sentinel_username
    if at.sentinel_password:
        chosen["password"] = at.sentinel_password
    return chosen


def _async_connection_class(at: RedisAddress) -> Any:
    if at.master:
        return AsyncSentinelTLSConnection if at.is_tls else AsyncSentinelConnection
    if at.path:
        return aioredis.UnixDomainSocketConnection
    return aioredis.SSLConnection if at.is_tls else aioredis.Connection


@cache
def _parsed(url: str) -> RedisAddress:
    return parse_redis_url(url)
