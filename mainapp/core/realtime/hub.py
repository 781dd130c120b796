"""Base class of hubs, which pass messages of the channel layer to the sockets of a process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from types import TracebackType
from typing import Any, ClassVar, Self

import redis
from channels.layers import get_channel_layer

from mainapp.core.realtime.loops import OnePerLoop
from mainapp.core.realtime.messages import check_shape
from mainapp.core.signatures import Forged

logger = logging.getLogger(__name__)

READY_S = 1.5
JOIN_S = 5.0
RETRY_S = 0.5
CANCEL_AGAIN_S = 0.1
FORGED_S = 60.0
# Sent to check that Redis responds; ignored by all hubs.
HELLO = "hello"

Task = Callable[[], Coroutine[Any, Any, None]]


class Hub:
    """One hub per process and event loop (`OnePerLoop`); sockets join and leave it without I/O.

    It listens to `groups` through one channel for the whole process, checks the shape of each
    message and passes it to the method that `handlers` names for its type. A message that is
    malformed, or whose handler fails, is logged and skipped. Messages sent while Redis is
    unavailable are lost, so subclasses also poll the database or the board in a task.
    """

    groups: ClassVar[tuple[str, ...]] = ()
    # Message type to its TypedDict and the name of its handler method.
    handlers: ClassVar[Mapping[str, tuple[type, str]]] = {}

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listening = asyncio.Event()
        self._channel: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[Any]] = set()
        self._forged_at = -FORGED_S

    def tasks(self) -> Sequence[Task]:
        """Return further tasks that run until the hub stops; each is restarted if it fails."""
        return ()

    async def cleanup(self) -> None:
        """Release the hub's resources. Called after its tasks have ended."""

    def now(self) -> float:
        return self.loop.time()

    # Lifecycle ---------------------------------------------------------------------------------

    def start(self) -> None:
        for task in (self._listen, *self.tasks()):
            # In a context of its own: the first socket starts the hub, and its request id would be
            # in the records of all later ones.
            work = self._run_forever(task)
            self._tasks.append(self.loop.create_task(work, context=Context()))

    async def ready(self) -> None:
        """Wait until the groups are joined; at most READY_S if Redis is unavailable."""
        if not self.listening.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_S):
                    await self.listening.wait()

    async def stop(self) -> None:
        """End every task of the hub, then clean up. Safe to repeat."""
        while pending := [t for t in (*self._tasks, *self._background) if not t.done()]:
            for task in pending:
                task.cancel()
            # One cancellation may not be enough: before Python 3.12 wait_for, which redis-py uses,
            # can swallow it if the awaited future is done at the same moment.
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        try:
            await self.cleanup()
        except Exception:
            logger.exception("%s could not clean up", type(self).__name__)

    def run_in_background(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Start a task that ends with the hub. Its error is logged unless the task is awaited."""
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
        """Restart a task whenever it ends: an unexpected error must not silence the sockets."""
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
                # The layer never forgets a channel, even one that it could not subscribe, nor its
                # messages. So none is created before Redis has responded.
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
        except Forged as error:
            self._log_forged(error)
            return
        except Exception:  # not valid msgpack
            logger.exception("%s skipped a message that cannot be decoded", type(self).__name__)
            return
        try:
            await self._handle(message)
        except (redis.RedisError, OSError) as error:
            logger.info("%s left a message unfinished: %s", type(self).__name__, error)
        except Exception:
            logger.exception("%s skipped a message", type(self).__name__)

    def _log_forged(self, error: Forged) -> None:
        """Log at most one a minute: others can send any number."""
        if self.now() - self._forged_at > FORGED_S:
            self._forged_at = self.now()
            logger.warning("%s refused a message: %s", type(self).__name__, error)

    async def _handle(self, message: Any) -> None:
        if message["type"] == HELLO:
            return
        shape, name = self.handlers[message["type"]]
        check_shape(message, shape)
        handled: Awaitable[None] | None = getattr(self, name)(message)
        if handled is not None:
            await handled


def registered_hubs() -> list[OnePerLoop[Hub]]:
    """Return the accessors of all hubs defined by the imported features."""
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
