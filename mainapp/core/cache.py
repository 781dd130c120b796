"""The cache, in Redis: one for all processes, and in nobody's way while Redis is away."""

import logging
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.25
PAUSE_S = 5.0
MAX_CONNECTIONS = 20


class _Outage:
    """Until when this process does without Redis, on the monotonic clock."""

    until = 0.0


def _or(answer: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method; while Redis is away `answer` takes its place, at once after the first."""

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < _Outage.until:
            return answer(*args, **kwargs)
        try:
            return method(*args, **kwargs)
        except redis.RedisError as error:
            _Outage.until = time.monotonic() + PAUSE_S
            logger.warning("no cache for %g s, nor limits of rates: %s", PAUSE_S, error)
            return answer(*args, **kwargs)

    return call


@cache
def _pool(url: str) -> redis.ConnectionPool:
    """Return the process's only pool: Django would make one for each thread and request."""
    return redis.BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=TIMEOUT_S,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def _no_such_key(*args: Any, **kwargs: Any) -> int:
    raise ValueError("the cache is away")


class _Client(RedisCacheClient):
    """Answers as an empty cache would, while Redis is away."""

    add = _or(lambda *_, **__: True, RedisCacheClient.add)
    get = _or(lambda _self, _key, default=None: default, RedisCacheClient.get)
    set = _or(lambda *_, **__: None, RedisCacheClient.set)
    touch = _or(lambda *_, **__: False, RedisCacheClient.touch)
    delete = _or(lambda *_, **__: False, RedisCacheClient.delete)
    get_many = _or(lambda *_, **__: {}, RedisCacheClient.get_many)
    has_key = _or(lambda *_, **__: False, RedisCacheClient.has_key)
    incr = _or(_no_such_key, RedisCacheClient.incr)
    set_many = _or(lambda *_, **__: None, RedisCacheClient.set_many)
    delete_many = _or(lambda *_, **__: None, RedisCacheClient.delete_many)
    clear = _or(lambda *_, **__: False, RedisCacheClient.clear)

    def _get_connection_pool(self, write: bool) -> redis.ConnectionPool:
        return _pool(self._servers[0])  # type: ignore[attr-defined] # not in its stubs


class SharedCache(RedisCache):
    """Django's cache in Redis, failing open: what it holds may be lost at any time."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
