"""Limits counted in Redis: exact sliding windows, shared by all processes and hosts."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import redis

from mainapp.core import redis as factory
from mainapp.core.limits.limit import CLOSED, Decision, Key, Limit, Unavailable

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.25
# A frozen Redis delays one call in this time, not each.
PAUSE_S = 1.0

# KEYS[1]: the times of the counted uses, the oldest first, in µs: 10 bytes each in a list.
# ARGV: count, window in µs. One atomic step, on Redis's own clock, for hosts' clocks differ.
# A refused use is not counted, and each use is forgotten when it is `window` old; EXPIRE only
# removes keys of clients that are gone. Uses in the future mean that the clock was set back.
_CONSUME = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local count, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = redis.call('LINDEX', KEYS[1], -1)
if newest and tonumber(newest) > now then redis.call('DEL', KEYS[1]) end
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - window do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local used = redis.call('LLEN', KEYS[1])
if used >= count then
  local freed = redis.call('LINDEX', KEYS[1], used - count)
  return {used, string.format('%.0f', freed + window - now), 1}
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1000)
return {used + 1, string.format('%.0f', (oldest or now) + window - now), 0}
"""

_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="limits")


class _Outage:
    """Until when this process does without Redis, on the monotonic clock."""

    until = 0.0


def client() -> redis.Redis:
    return factory.client(timeout_s=TIMEOUT_S)


def key_of(limit: Limit, key: Key) -> str:
    return factory.key("limit", limit.name, key.kind, key.value)


def try_consume(limit: Limit, key: Key) -> Decision:
    """Count one use and return what was decided. Raises: Unavailable (a CLOSED limit)."""
    allowed = limit.allowed
    if allowed <= 0:
        return Decision(limit, 0, limit.window_s, is_refused=True)
    if time.monotonic() >= _Outage.until:
        try:
            return _consume(limit, key, allowed)
        except (redis.RedisError, OSError) as error:
            _Outage.until = time.monotonic() + PAUSE_S
            logger.warning("limits are not counted for %g s: %s", PAUSE_S, error)
    if limit.without_redis is CLOSED:
        raise Unavailable
    return Decision(limit, 1, limit.window_s, is_refused=False)


def consume(limit: Limit, key: Key) -> None:
    """Count one use. Raises: RateLimited, Unavailable (a CLOSED limit, while Redis is away)."""
    try_consume(limit, key).check()


async def try_consume_async(limit: Limit, key: Key) -> Decision:
    """Do as `try_consume`, off the event loop."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, try_consume, limit, key)


async def consume_async(limit: Limit, key: Key) -> None:
    """Do as `consume`, off the event loop."""
    (await try_consume_async(limit, key)).check()


def _consume(limit: Limit, key: Key, allowed: int) -> Decision:
    window_us = round(limit.window_s * 1_000_000)
    answer: Any = _script()(keys=[key_of(limit, key)], args=[allowed, window_us], client=client())
    used, reset_us, is_refused = answer
    return Decision(limit, used, int(reset_us) / 1_000_000, is_refused=bool(is_refused))


@cache
def _script() -> Any:
    return client().register_script(_CONSUME)
