"""The cache of all processes, in Redis; it answers as if empty while Redis is away."""

import logging
import re
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

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
    """When this process tries Redis again, on the monotonic clock."""

    until = 0.0


def _or(answer: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method so that `answer` replaces it while Redis is away.

    After the first failure it does so at once, for PAUSE_S.
    """

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < _Outage.until:
            return answer(*args, **kwargs)
        try:
            return method(*args, **kwargs)
        except redis.RedisError as error:
            _Outage.until = time.monotonic() + PAUSE_S
            logger.warning("no cache and no rate limits for %g s: %s", PAUSE_S, error)
            return answer(*args, **kwargs)

    return call


@cache
def _pool(url: str) -> redis.ConnectionPool:
    """Return the process's pool: Django would make one for each thread and request."""
    return connection_pool(
        parse_redis_url(url),
        wait_s=TIMEOUT_S,
        max_connections=MAX_CONNECTIONS,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def _no_such_key(*args: Any, **kwargs: Any) -> int:
    raise ValueError("the cache is away")


def _clear(client: "_Client", pattern: str) -> bool:
    """Delete the keys that match. Django's own would empty the database, broker and board too."""
    connection = client.get_client(None, write=True)
    names = list(connection.scan_iter(pattern, count=1000))
    return not names or bool(connection.unlink(*names))


class _Client(RedisCacheClient):
    """Answers like an empty cache while Redis is away."""

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
    clear = _or(lambda *_, **__: False, _clear)

    def _get_connection_pool(self, write: bool) -> redis.ConnectionPool:
        return _pool(self._servers[0])  # type: ignore[attr-defined] # not in its stubs


class SharedCache(RedisCache):
    """Django's cache in Redis, failing open: its contents may be lost at any time."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        # As a list, or Django would split a URL that names several sentinels at its commas.
        super().__init__([server], params)
        self._class = _Client

    def clear(self) -> bool:  # type: ignore[override] # Django tells by it whether it worked
        """Delete what this cache holds, and nothing else of the database."""
        pattern = f"{_escaped(self.key_prefix)}:*"
        return bool(self._cache.clear(pattern))  # type: ignore[call-arg] # _Client's takes one


def _escaped(text: str) -> str:
    """Return a pattern of Redis that matches just `text`."""
    return re.sub(r"([*?\[\]^\\-])", r"\\\1", text)
