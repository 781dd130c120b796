"""The watch set: symbols to fetch in each batch, for open sockets and for other features.

Each web process leases its sockets' symbols in a Redis set `watch:<name>`, which expires unless
renewed; the registry `watchers` lists the names.
"""

import time
from collections.abc import Callable, Collection

import redis
from redis import asyncio as aioredis

from mainapp.core.redis import key

# Web processes renew it every second; the symbols of a killed one are fetched for this long.
LEASE_S = 10
REGISTRY = key("watchers")

Need = Callable[[], Collection[str]]
_needs: list[Need] = []


def register_need(need: Need) -> None:
    """Register a feature's selector of symbols to watch. It may cost one query per batch."""
    _needs.append(need)


def needed_symbols() -> set[str]:
    return {symbol for need in _needs for symbol in need()}


def watched_symbols(client: "redis.Redis") -> set[str]:
    """Return the union of all valid leases. Two round trips. Raises: redis.RedisError."""
    client.zremrangebyscore(REGISTRY, 0, time.time() - 60)
    names: list[bytes] = client.zrange(REGISTRY, 0, -1)  # type: ignore[assignment] # sync client
    if not names:
        return set()
    members = client.sunion([_key(name.decode()) for name in names])
    return {symbol.decode() for symbol in members}  # type: ignore[union-attr] # sync client


class WatchLease:
    """The lease of one process: a copy in Redis of a set that the caller owns.

    `note` is O(1) without I/O; `sync` sends the changes since the last sync and renews the lease.
    """

    def __init__(self, name: str, *, client: "aioredis.Redis") -> None:
        self._name = name
        self._client = client
        self._dirty: set[str] = set()
        self._is_synced = False

    def note(self, symbol: str) -> None:
        """Mark a symbol as added to or removed from the process's set."""
        self._dirty.add(symbol)

    @property
    def is_dirty(self) -> bool:
        return bool(self._dirty)

    async def sync(self, wanted: Collection[str]) -> None:
        """Write the changes in `wanted` to Redis and renew the lease. Raises: redis.RedisError.

        The first call, and one after a failed call, sends the whole set.
        """
        if not self._is_synced:
            await self._rewrite(wanted)
            return
        dirty, self._dirty, self._is_synced = self._dirty, set(), False
        size = len(wanted)
        key = _key(self._name)
        async with self._client.pipeline(transaction=True) as pipeline:
            if added := [symbol for symbol in dirty if symbol in wanted]:
                pipeline.sadd(key, *added)
            if removed := [symbol for symbol in dirty if symbol not in wanted]:
                pipeline.srem(key, *removed)
            pipeline.pexpire(key, LEASE_S * 1000)
            pipeline.zadd(REGISTRY, {self._name: time.time()})
            pipeline.scard(key)
            replies = await pipeline.execute()
        self._is_synced = replies[-1] == size
        if not self._is_synced:
            await self._rewrite(wanted)

    async def drop(self) -> None:
        """Delete the lease. Raises: redis.RedisError."""
        await self._client.delete(_key(self._name))

    async def _rewrite(self, wanted: Collection[str]) -> None:
        key = _key(self._name)
        self._dirty.clear()
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.delete(key)
            if wanted:
                pipeline.sadd(key, *wanted)
                pipeline.pexpire(key, LEASE_S * 1000)
            pipeline.zadd(REGISTRY, {self._name: time.time()})
            await pipeline.execute()
        self._is_synced = True


def _key(name: str) -> str:
    return key("watch", name)
