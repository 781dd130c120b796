"""What sockets share: publishing after a commit, queries off the event loop."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Thread
from typing import Any, ParamSpec, TypeVar

import redis
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

Message = tuple[str, Mapping[str, Any]]
P = ParamSpec("P")
T = TypeVar("T")

PUBLISH_S = 2.0
RETRY_S = 0.5
HELLO = "hello"
_QUERY_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="query")


def publish(batch: Sequence[Message]) -> None:
    """Send each (group, message), from a thread, after the commit.

    A hint, for the truth is numbered in the database or on the board: a Redis that is away, or
    silent for PUBLISH_S, is logged, never raised.
    """
    publish_soon(batch).result()


def publish_soon(batch: Sequence[Message]) -> "Future[None]":
    """As `publish`, from any thread, for who does not wait for it."""
    return asyncio.run_coroutine_threadsafe(publish_now(batch), _publisher())


@cache
def _publisher() -> asyncio.AbstractEventLoop:
    """Return the loop of the one thread that publishes, so that its connection stays open."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, daemon=True, name="publish").start()
    return loop


os.register_at_fork(after_in_child=_publisher.cache_clear)


async def publish_now(batch: Sequence[Message]) -> None:
    """Send each (group, message) from the event loop; as `publish`."""
    layer = get_channel_layer()
    assert layer is not None
    try:
        async with asyncio.timeout(PUBLISH_S):
            for group, message in batch:
                await layer.group_send(group, dict(message))
    except (redis.RedisError, OSError) as error:
        logger.warning("nothing was published: %s", error)


async def listen(
    groups: Sequence[str], hear: Callable[[Any], None], *, joined: asyncio.Event
) -> None:
    """Pass on what the groups say, for ever, by one channel for the whole process.

    `joined` is set once they are heard, and when Redis is away: nobody is to wait for it longer.
    What is said while Redis is away is lost.
    """
    layer = get_channel_layer()
    assert layer is not None
    channel = None
    while True:
        try:
            if channel is None:
                # The layer keeps every channel it made, so none is before Redis is there.
                await layer.group_send(groups[0], {"type": HELLO})
                channel = await layer.new_channel()
            for group in groups:
                await layer.group_add(group, channel)
            joined.set()
            while True:
                message = await layer.receive(channel)
                if message["type"] != HELLO:
                    hear(message)
        except (redis.RedisError, OSError):
            joined.set()
            await asyncio.sleep(RETRY_S)


async def query(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a database call on a thread of a bounded pool, where it holds up no other socket."""
    run = database_sync_to_async(read, thread_sensitive=False, executor=_QUERY_THREADS)
    return await run(*args, **kwargs)
