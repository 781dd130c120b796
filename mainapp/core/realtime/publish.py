"""Publisher of messages to the channel layer's groups, after the commit, on a thread.

Messages are hints: the numbered changes are in the database or on the board, and every hub polls
them. So callers neither wait nor get errors; messages that Redis does not accept are logged and
dropped.
"""

import asyncio
import atexit
import logging
import os
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from itertools import count
from threading import Condition, Thread
from typing import Any, NamedTuple

import redis
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

MAX_WAITING = 1000
# For a batch, so that an unresponsive Redis delays the following messages no longer.
PUBLISH_S = 2.0


class GroupMessage(NamedTuple):
    """A message to a group.

    A message with a `key` replaces the queued one with the same key, unless that has a higher
    `rank`: of a thousand changes to a room only the newest revision matters.
    """

    group: str
    body: Mapping[str, Any]
    key: Hashable = None
    rank: int = 0


def publish(messages: Iterable[GroupMessage]) -> None:
    """Queue messages to be sent in order. Never blocks; for any thread or event loop."""
    publisher.put(messages)


def publish_on_commit(messages: Iterable[GroupMessage]) -> None:
    """Queue messages once the current transaction commits, or immediately outside of one."""
    transaction.on_commit(partial(publish, list(messages)))


def flush_published(timeout_s: float = PUBLISH_S) -> bool:
    """Wait until all queued messages are sent or dropped; return False after `timeout_s`."""
    return publisher.flush(timeout_s)


class Publisher:
    """A bounded queue and the thread that sends from it, started with the first message."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._changed = Condition()
        self._waiting: OrderedDict[Hashable, GroupMessage] = OrderedDict()
        self._numbers = count()
        self._is_sending = False
        self._thread: Thread | None = None

    def put(self, messages: Iterable[GroupMessage]) -> None:
        with self._changed:
            for message in messages:
                self._put_one(message)
            if self._thread is None:
                self._thread = Thread(target=self._run, daemon=True, name="publish")
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._is_sending, timeout_s
            )

    def _put_one(self, message: GroupMessage) -> None:
        key = next(self._numbers) if message.key is None else (message.group, message.key)
        before = self._waiting.get(key)
        if before is not None and before.rank > message.rank:
            return
        self._waiting[key] = message
        if len(self._waiting) > MAX_WAITING:
            _key, dropped = self._waiting.popitem(last=False)
            logger.warning("the publishing queue is full: dropped a message of %s", dropped.group)

    def _run(self) -> None:
        # One loop for all batches, so that its connection to Redis stays open.
        loop = asyncio.new_event_loop()
        while True:
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._waiting))
                batch = list(self._waiting.values())
                self._waiting.clear()
                self._is_sending = True
            loop.run_until_complete(_send_batch(batch))


async def _send_batch(batch: list[GroupMessage]) -> None:
    try:
        async with asyncio.timeout(PUBLISH_S):
            for message in batch:
                await _send(message)
    except (redis.RedisError, OSError) as error:  # TimeoutError is an OSError
        logger.warning("nothing was published: %s", str(error) or type(error).__name__)
    except Exception:
        logger.exception("nothing was published")  # the thread continues


async def _send(message: GroupMessage) -> None:
    layer = get_channel_layer()
    assert layer is not None
    try:
        try:
            await layer.group_send(message.group, dict(message.body))
        except redis.ConnectionError:  # a connection from before a restart of Redis
            await layer.group_send(message.group, dict(message.body))
    except (TypeError, ValueError, OverflowError):  # it cannot be encoded
        logger.exception("a message of %s could not be published", message.group)


publisher = Publisher()
os.register_at_fork(after_in_child=publisher.reset)
atexit.register(flush_published)
