"""The cache shared by all processes, in Redis; it acts as an empty one while Redis is down."""

import logging
import re
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import orjson
import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from mainapp.core.redis import connection_pool
from mainapp.core.redis_address import parse_redis_url

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.25
PAUSE_S = 5.0
MAX_CONNECTIONS = 20


class _Outage:
    """Time of this process's next attempt to use Redis, on the monotonic clock."""

    until = 0.0


class Unreadable(ValueError):
    """Raised for a value in the cache that this program did not write."""


class JsonSerializer:
    """Stores values as JSON: Django's default, pickle, would run code in a value that it reads."""

    def dumps(self, value: Any) -> int | bytes:
        # Redis increments plain integers.
        return value if type(value) is int else orjson.dumps(value)

    def loads(self, data: bytes) -> Any:
        """Return the value. Raises: Unreadable."""
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise Unreadable from error


def _with_fallback(fallback: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method so that `fallback` replaces it while Redis is unavailable.

    After a failure the fallback is called without trying Redis, for PAUSE_S: otherwise each
    request would wait for several timeouts.
    """

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < _Outage.until:
            return fallback(*args, **kwargs)
        try:
            return method(*args, **kwargs)
        except Unreadable:
            return fallback(*args, **kwargs)
        except redis.RedisError as error:
            _Outage.until = time.monotonic() + PAUSE_S
            logger.warning("no cache and no rate limits for %g s: %s", PAUSE_S, error)
            return fallback(*args, **kwargs)

    return call


@cache
def _pool(url: str) -> redis.ConnectionPool:
    """Return the process's pool: Django would create one per thread and request."""
    return connection_pool(
        parse_redis_url(url),
        wait_s=TIMEOUT_S,
        max_connections=MAX_CONNECTIONS,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def _raise_unavailable(*args: Any, **kwargs: Any) -> int:
    # Django's caches raise ValueError in `incr` for a key that does not exist.
    raise ValueError("the cache is unavailable")


def _clear(client: "_Client", pattern: str) -> bool:
    """Delete the matching keys. Django's own would also empty the broker's and board's database."""
    connection = client.get_client(None, write=True)
    names = list(connection.scan_iter(pattern, count=1000))
    return not names or bool(connection.unlink(*names))


class _Client(RedisCacheClient):
    """Acts as an empty cache while Redis is unavailable."""

    add = _with_fallback(lambda *_, **__: True, RedisCacheClient.add)
    get = _with_fallback(lambda _self, _key, default=None: default, RedisCacheClient.get)
    set = _with_fallback(lambda *_, **__: None, RedisCacheClient.set)
    touch = _with_fallback(lambda *_, **__: False, RedisCacheClient.touch)
    delete = _with_fallback(lambda *_, **__: False, RedisCacheClient.delete)
    get_many = _with_fallback(lambda *_, **__: {}, RedisCacheClient.get_many)
    has_key = _with_fallback(lambda *_, **__: False, RedisCacheClient.has_key)
    incr = _with_fallback(_raise_unavailable, RedisCacheClient.incr)
    set_many = _with_fallback(lambda *_, **__: None, RedisCacheClient.set_many)
    delete_many = _with_fallback(lambda *_, **__: None, RedisCacheClient.delete_many)
    clear = _with_fallback(lambda *_, **__: False, _clear)

    def _get_connection_pool(self, write: bool) -> redis.ConnectionPool:
        return _pool(self._servers[0])  # type: ignore[attr-defined] # not in its stubs


class SharedCache(RedisCache):
    """Django's cache in Redis, failing open: its contents may be lost at any time."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        # A list: Django would split a URL with several sentinels at its commas.
        super().__init__([server], {"OPTIONS": {"serializer": JsonSerializer}} | params)
        self._class = _Client

    def clear(self) -> bool:  # type: ignore[override] # Django returns whether it succeeded
        """Delete this cache's keys and no others of the database."""
        pattern = f"{_escaped(self.key_prefix)}:*"
        return bool(self._cache.clear(pattern))  # type: ignore[call-arg] # _Client's takes one


def _escaped(text: str) -> str:
    """Return a Redis pattern that matches `text` literally."""
    return re.sub(r"([*?\[\]^\\-])", r"\\\1", text)
