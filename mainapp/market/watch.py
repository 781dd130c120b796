"""The watch set: what each web process's sockets want, leased in Redis, and what features need.

A process keeps its own set `watch:<name>` that expires unless renewed; the registry
`watchers` only says which names to look for.
"""

import time
from collections.abc import Callable, Collection

import redis
from redis import asyncio as aioredis

from mainapp.core.redis import key

LEASE_S = 10
REGISTRY = key("watchers")

Need = Callable[[], Collection[str]]
_needs: list[Need] = []


def register_need(need: Need) -> None:
    """Let a feature name symbols that it needs watched: a selector of one query a batch."""
    _needs.append(need)


def needed_symbols() -> set[str]:
    return {symbol for need in _needs for symbol in need()}


def watched_symbols(client: "redis.Redis") -> set[str]:
    """Return the union of all living leases; two round trips. Raises: redis.RedisError."""
    client.zremrangebyscore(REGISTRY, 0, time.time() - 60)
    names: list[bytes] = client.zrange(REGISTRY, 0, -1)  # type: ignore[assignment] # sync client
    if not names:
        return set()
    members = client.sunion([_key(name.decode()) for name in names])
    return {symbol.decode() for symbol in members}  # type: ignore[union-attr] # sync client


class WatchLease:
    """One process's lease. The caller keeps the set; this makes Redis agree with it.

    `note` costs O(1) and no I/O; `sync` sends what changed since the last and renews.
    """

    def __init__(self, name: str, *, client: "aioredis.Redis") -> None:
        self._name = name
        self._client = client
        self._dirty: set[str] = set()
        self._is_sure = False

    def note(self, symbol: str) -> None:
        """Remember that `symbol` entered or left the process's set."""
        self._dirty.add(symbol)

    @property
    def is_dirty(self) -> bool:
        return bool(self._dirty)

    async def sync(self, wanted: Collection[str]) -> None:
        """Bring Redis in line with `wanted` and renew the lease. Raises: redis.RedisError.

        What was sent is a state, not a history: after a call that failed, the next sends it all.
        """
        if not self._is_sure:
            await self._rewrite(wanted)
            return
        dirty, self._dirty, self._is_sure = self._dirty, set(), False
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
        self._is_sure = replies[-1] == size
        if not self._is_sure:
            await self._rewrite(wanted)

    async def drop(self) -> None:
        """Give the lease up now. Raises: redis.RedisError."""
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
        self._is_sure = True


def _key(name: str) -> str:
    return key("watch", name)
