"""A limit on how often something is done, counted in Redis for all processes together."""

import time
from typing import Any
from uuid import uuid4

from redis import asyncio as aioredis

# KEYS: turns. ARGV: now and window in seconds, limit, a unique name. One atomic step.
_TAKE_TURN = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[1] - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[2]) + 1)
return false
"""


async def take_turn(client: "aioredis.Redis", key: str, *, limit: int, window_s: float) -> float:
    """Count one action under `key`; return 0, or the seconds until the next is allowed.

    At most `limit` in any `window_s` seconds, in all processes together. Raises: redis.RedisError.
    """
    now = time.time()
    oldest: Any = await client.eval(_TAKE_TURN, 1, key, now, window_s, limit, uuid4().hex)
    return max(0.1, round(float(oldest) + window_s - now, 1)) if oldest else 0.0
