"""Registries in Redis, in which each name expires unless it is renewed."""

from typing import Any

import redis

# Redis's own clock sets and checks all times, because the clocks of hosts differ. A time that is
# more than a lease ahead was set before that clock was set back.
_ADD = """
redis.call('ZADD', KEYS[1], redis.call('TIME')[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], 2 * ARGV[2])
"""
_NAMES = """
local now, lease = redis.call('TIME')[1], tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now - lease)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. now + lease, '+inf')
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""


class Registry:
    """A set of names, each of which expires `lease_s` seconds after it was last added."""

    def __init__(self, key: str, *, lease_s: int) -> None:
        self.key = key
        self.lease_s = lease_s

    def add(self, pipeline: Any, name: str) -> None:
        """Queue the renewal of a name on the pipeline of a sync or async client."""
        pipeline.eval(_ADD, 1, self.key, name, self.lease_s)

    def names(self, client: "redis.Redis") -> list[str]:
        """Return the names that have not expired. One round trip. Raises: redis.RedisError."""
        names: Any = client.eval(_NAMES, 1, self.key, str(self.lease_s))
        return [name.decode() for name in names]
