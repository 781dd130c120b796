"""The base of every hub: a process's one listener between the channel layer and its sockets."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, Self

import redis
from channels.layers import get_channel_layer

from mainapp.core.realtime.loops import OnePerLoop
from mainapp.core.realtime.messages import check_shape

logger = logging.getLogger(__name__)

READY_S = 1.5
JOIN_S = 5.0
RETRY_S = 0.5
CANCEL_AGAIN_S = 0.1
HELLO = "hello"

Task = Callable[[], Coroutine[Any, Any, None]]


class Hub:
    """One per process and event loop (`OnePerLoop`); sockets join and leave it without I/O.

    It listens to `groups` by one channel for the whole process and passes each message to the
    method that `handlers` names for its type, after a check of its shape. A message that is
    malformed, or whose handler fails, is logged and skipped. Messages sent while Redis is away are
    lost: subclasses poll for the truth in a task of their own.
    """

    groups: ClassVar[tuple[str, ...]] = ()
    # By message type: its TypedDict and the name of the method that takes it.
    handlers: ClassVar[Mapping[str, tuple[type, str]]] = {}

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listening = asyncio.Event()
        self._channel: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[Any]] = set()

    def tasks(self) -> Sequence[Task]:
        """Return what runs beside the listening until the hub stops; restarted when it fails."""
        return ()

    async def cleanup(self) -> None:
        """Release what the hub holds, after its tasks ended."""

    def now(self) -> float:
        return self.loop.time()

    # Life --------------------------------------------------------------------------------------

    def start(self) -> None:
        for task in (self._listen, *self.tasks()):
            self._tasks.append(self.loop.create_task(self._run_forever(task)))

    async def ready(self) -> None:
        """Wait until the groups are joined, but not for a Redis that is away."""
        if not self.listening.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_S):
                    await self.listening.wait()

    async def stop(self) -> None:
        """End every task of the hub, then clean up. Safe to repeat."""
        while pending := [t for t in (*self._tasks, *self._background) if not t.done()]:
            for task in pending:
                task.cancel()
            # One cancellation may not do: until Python 3.12 wait_for, which redis-py uses, can
            # swallow it when it comes in the moment that the awaited thing is done.
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        try:
            await self.cleanup()
        except Exception:
            logger.exception("%s could not clean up", type(self).__name__)

    def run_in_background(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Start a task that ends with the hub; its error is logged unless somebody awaits it."""
        task = self.loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _run_forever(self, task: Task) -> None:
        """Run a task again whenever it ends: an unforeseen error must not silence the sockets."""
        while True:
            try:
                await task()
            except Exception:
                name = getattr(task, "__name__", "a task").lstrip("_")
                logger.exception("%s.%s failed and starts again", type(self).__name__, name)
            await asyncio.sleep(RETRY_S)

    # Listening ---------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                await self._join_groups()
                self.listening.set()
                while True:
                    await self._receive_one()
            except (redis.RedisError, OSError):  # TimeoutError is an OSError
                self.listening.set()
                await asyncio.sleep(RETRY_S)

    async def _join_groups(self) -> None:
        layer = get_channel_layer()
        assert layer is not None
        async with asyncio.timeout(JOIN_S):
            if self._channel is None:
                # The layer keeps every channel it made, even one that it could not subscribe, and
                # whatever comes for it. So none is made before Redis has answered.
                await layer.group_send(self.groups[0], {"type": HELLO})
                self._channel = await layer.new_channel()
            for group in self.groups:
                await layer.group_add(group, self._channel)

    async def _receive_one(self) -> None:
        layer = get_channel_layer()
        assert layer is not None
        assert self._channel is not None
        try:
            message = await layer.receive(self._channel)
        except (redis.RedisError, OSError):
            raise
        except Exception:  # bytes that are no msgpack
            logger.exception("%s skipped a message that cannot be decoded", type(self).__name__)
            return
        try:
            await self._handle(message)
        except (redis.RedisError, OSError) as error:
            logger.info("%s left a message unfinished: %s", type(self).__name__, error)
        except Exception:
            logger.exception("%s skipped a message", type(self).__name__)

    async def _handle(self, message: Any) -> None:
        if message["type"] == HELLO:
            return
        shape, name = self.handlers[message["type"]]
        check_shape(message, shape)
        handled: Awaitable[None] | None = getattr(self, name)(message)
        if handled is not None:
            await handled


def registered_hubs() -> list[OnePerLoop[Hub]]:
    """Return the accessors of all hubs that the imported features define."""
    return [
        accessor
        for accessor in OnePerLoop.registered
        if isinstance(accessor.make, type) and issubclass(accessor.make, Hub)
    ]


async def stop_hubs() -> None:
    """Stop every hub of the running loop; called when the server shuts down."""
    for made in OnePerLoop.pop_all():
        if isinstance(made, Hub):
            await made.stop()
