"""Registries in Redis of names that expire one by one unless they are renewed."""

from typing import Any

import redis

# One clock, Redis's own, stamps and judges: the clocks of hosts differ. A time further ahead than
# a lease was stamped before that clock was set back.
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
    """A set of names, each of which stays for `lease_s` after it was added last."""

    def __init__(self, key: str, *, lease_s: int) -> None:
        self.key = key
        self.lease_s = lease_s

    def add(self, pipeline: Any, name: str) -> None:
        """Queue the renewal of a name on a pipeline, of a sync or an async client."""
        pipeline.eval(_ADD, 1, self.key, name, self.lease_s)

    def names(self, client: "redis.Redis") -> list[str]:
        """Return the names that have not expired. One round trip. Raises: redis.RedisError."""
        names: Any = client.eval(_NAMES, 1, self.key, str(self.lease_s))
        return [name.decode() for name in names]
