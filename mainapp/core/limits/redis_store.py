"""Limits counted in Redis: exact sliding windows, shared by all processes and hosts."""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import redis

from mainapp.core import redis as factory
from mainapp.core.limits.limit import CLOSED, Decision, Key, Limit, Unavailable

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.5
# After a failure Redis is not tried for this time: a frozen one delays one call, not each.
PAUSE_S = 1.0

# KEYS[1]: list of the times of the counted uses, oldest first, in µs, 10 bytes each.
# ARGV: count, window in µs. Atomic, and on Redis's clock, as the clocks of hosts differ.
# A refused use is not counted, and a use expires when it is `window` old; PEXPIRE only removes the
# keys of clients that left. Times in the future mean that the clock was set back.
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
  local freed = redis.call('LINDEX', KEYS[1], used - count) or now
  return {used, string.format('%.0f', freed + window - now), 1}
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1000)
return {used + 1, string.format('%.0f', (oldest or now) + window - now), 0}
"""

# Uses on an event loop within this time share a round trip. It also keeps simultaneous handshakes
# together for the next middleware, which reads sessions in batches.
GATHER_S = 0.001
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="limits")

Use = tuple[Limit, Key]


class _Outage:
    """Time of this process's next attempt to use Redis, on the monotonic clock."""

    until = 0.0


def client() -> redis.Redis:
    return factory.client(timeout_s=TIMEOUT_S)


def key_of(limit: Limit, key: Key) -> str:
    return factory.key("limit", limit.name, key.kind, key.value)


def try_consume(limit: Limit, key: Key) -> Decision:
    """Count one use and return the decision. Raises: Unavailable (a CLOSED limit without Redis)."""
    return _checked(_decide([(limit, key)])[0])


def consume(limit: Limit, key: Key) -> None:
    """Count one use. Raises: RateLimited, Unavailable (a CLOSED limit without Redis)."""
    try_consume(limit, key).check()


def refund(limit: Limit, key: Key) -> None:
    """Remove the newest use from the window, for example after a log-in that succeeded."""
    if time.monotonic() < _Outage.until:
        return
    try:
        client().rpop(key_of(limit, key))
    except (redis.RedisError, OSError) as error:
        _Outage.until = time.monotonic() + PAUSE_S
        logger.warning("a use of a limit was not refunded: %s", error)


def reset(limit: Limit, key: Key) -> None:
    """Remove all uses from the window, for example those of wrong codes after a right one."""
    if time.monotonic() < _Outage.until:
        return
    try:
        client().delete(key_of(limit, key))
    except (redis.RedisError, OSError) as error:
        _Outage.until = time.monotonic() + PAUSE_S
        logger.warning("a limit was not reset: %s", error)


async def try_consume_async(limit: Limit, key: Key) -> Decision:
    """Run `try_consume` off the event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _gatherers:
        _gatherers[loop] = _Gatherer()
    return _checked(await _gatherers[loop].add((limit, key), loop))


async def consume_async(limit: Limit, key: Key) -> None:
    """Run `consume` off the event loop."""
    (await try_consume_async(limit, key)).check()


class _Gatherer:
    """Collects simultaneous uses of an event loop and decides on them in one round trip."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Use, asyncio.Future[Decision | None]]] = []

    def add(self, use: Use, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[Decision | None]":
        if not self._waiting:
            loop.call_later(GATHER_S, self._send, loop)
        future = loop.create_future()
        self._waiting.append((use, future))
        return future

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        uses = [use for use, _future in batch]
        deciding = loop.run_in_executor(_THREADS, _decide, uses)
        deciding.add_done_callback(partial(_hand_out, [future for _use, future in batch]))


_gatherers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Gatherer] = WeakKeyDictionary()


def _hand_out(
    futures: "list[asyncio.Future[Decision | None]]",
    deciding: "asyncio.Future[list[Decision | None]]",
) -> None:
    error = None if deciding.cancelled() else deciding.exception()
    for n, future in enumerate(futures):
        if future.done():
            continue  # cancelled: the client has left
        if error is not None or deciding.cancelled():
            future.set_exception(error or asyncio.CancelledError())
        else:
            future.set_result(deciding.result()[n])


def _checked(decision: Decision | None) -> Decision:
    if decision is None:
        raise Unavailable
    return decision


def _decide(uses: Sequence[Use]) -> list[Decision | None]:
    """Count all uses in one round trip; None for a CLOSED limit without Redis."""
    if time.monotonic() >= _Outage.until:
        try:
            return _decide_in_redis(uses)
        except (redis.RedisError, OSError) as error:
            _Outage.until = time.monotonic() + PAUSE_S
            logger.warning("limits are not counted for %g s: %s", PAUSE_S, error)
    return [
        None
        if limit.without_redis is CLOSED
        else Decision(limit, 1, limit.window_s, is_refused=False)
        for limit, _key in uses
    ]


def _decide_in_redis(uses: Sequence[Use]) -> list[Decision | None]:
    with client().pipeline(transaction=False) as pipeline:
        for limit, key in uses:
            window_us = round(limit.window_s * 1_000_000)
            arguments = (key_of(limit, key), limit.allowed, window_us)
            pipeline.eval(_CONSUME, 1, *arguments)
        answers: list[Any] = pipeline.execute()
    return [
        Decision(limit, used, int(reset_us) / 1_000_000, is_refused=bool(is_refused))
        for (limit, _key), (used, reset_us, is_refused) in zip(uses, answers, strict=True)
    ]
