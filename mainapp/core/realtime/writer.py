"""Writers of frames to one socket: ordered, bounded and, for prices, conflating.

A frame is UTF-8 encoded JSON. While the client keeps up, it is passed to the server synchronously,
by the `try_send` of our WebSocket protocol (`project/websockets.py`), without a task or coroutine.
With 500 sockets of ten symbols each, an update cost 10-13 µs of CPU this way and 24-25 µs with a
task (best of 150 batches in one process). Under a server without it (Daphne), and once a client
reads too slowly, one task per socket awaits the ASGI `send`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger(__name__)

EXTENSION = "pregao.try_send"  # in the ASGI scope's extensions, by our WebSocket protocol
MAX_QUEUED = 16

Send = Callable[[dict[str, Any]], Awaitable[None]]
TrySend = Callable[[bytes], bool]
Build = Callable[[], bytes]


def never_sends(_frame: bytes) -> bool:
    """Replace `try_send` under servers that do not have it."""
    return False


def try_send_of(scope: Any) -> TrySend:
    """Return the server's synchronous send, or `never_sends`."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    return extension["send"] if extension else never_sends


class SocketWriter:
    """Writes frames in order; queues at most `max_queued` for a client that reads too slowly.

    A frame may be a function, which is called when its turn comes, so that the client receives the
    state of that moment.
    """

    __slots__ = ("_queue", "_send", "_task", "_try_send", "_waiters", "is_closed")

    max_queued = MAX_QUEUED

    def __init__(self, send: Send, try_send: TrySend = never_sends) -> None:
        self._send = send
        self._try_send = try_send
        self._queue: deque[bytes | Build] | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiters: list[asyncio.Future[None]] | None = None
        self.is_closed = False

    @property
    def is_busy(self) -> bool:
        """Whether a frame is being sent by the task: the client or the server is not ready."""
        return self._task is not None

    @property
    def has_queued(self) -> bool:
        """Whether frames are queued behind the one being written."""
        return bool(self._queue)

    def write(self, frame: bytes | Build) -> bool:
        """Send or queue `frame`; return False, and drop it, if the queue is full."""
        if self._task is None:
            if not self.is_closed:
                self._start(frame if isinstance(frame, bytes) else frame())
            return True
        if self._queue is None:
            self._queue = deque()
        if len(self._queue) >= self.max_queued:
            return False
        self._queue.append(frame)
        return True

    async def drained(self) -> None:
        """Wait until all frames so far are written, as back-pressure on the client's requests."""
        if self._task is not None and not self.is_closed:
            if self._waiters is None:
                self._waiters = []
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def close(self) -> None:
        """Drop all queued frames and write no more."""
        self.is_closed = True
        self._queue = None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._wake_waiters()

    def next_frame(self) -> bytes | None:
        """Return the next frame for a client that reads again; None if nothing is queued."""
        if not self._queue:
            return None
        frame = self._queue.popleft()
        return frame if isinstance(frame, bytes) else frame()

    def _start(self, frame: bytes) -> None:
        """Send the first frame synchronously, or start the task that also sends later ones."""
        if not self._try_send(frame):
            self._start_waiting(frame)

    def _start_waiting(self, frame: bytes) -> None:
        self._task = asyncio.ensure_future(self._write_waiting(frame))

    async def _write_waiting(self, first: bytes) -> None:
        frame: bytes | None = first
        try:
            while frame is not None and not self.is_closed:
                await self._send({"type": "websocket.send", "text": frame.decode()})
                if not self._queue:
                    self._wake_waiters()
                frame = self._build_next()
        except (OSError, RuntimeError):  # the client left, or the close frame was sent
            self.is_closed = True
        finally:
            # Not in a done callback: a frame offered before it ran would be dropped.
            self._task = self._queue = None
            self._wake_waiters()

    def _build_next(self) -> bytes | None:
        while True:
            try:
                return self.next_frame()
            except Exception:
                logger.exception("a frame could not be built and is left out")

    def _wake_waiters(self) -> None:
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)


class ConflatingWriter(SocketWriter):
    """A writer for values of which only the latest matters.

    `offer` queues nothing for a busy client; the caller sets `behind` instead. Once the client has
    read the queued frames, `catch_up` returns one frame with everything that changed since.
    """

    __slots__ = ("behind", "needs_snapshot")

    def __init__(self, send: Send, try_send: TrySend = never_sends) -> None:
        super().__init__(send, try_send)
        self.behind = False
        # Queued frames may only be sent after a snapshot.
        self.needs_snapshot = False

    def catch_up(self) -> bytes | None:
        """Return a frame with the current state; reset `behind` and `needs_snapshot`."""
        raise NotImplementedError

    def offer(self, frame: bytes) -> bool:
        """Send `frame` if the client is not busy; otherwise drop it and return False."""
        if self._task is not None:
            return False
        if not self.is_closed and not self._try_send(frame):
            self._start_waiting(frame)
        return True

    def write_if_none_waits(self, build: Build) -> None:
        """Queue a frame for a busy client that has none queued."""
        if self._task is not None and not self._queue:
            self._queue = deque([build])

    def next_frame(self) -> bytes | None:
        while not self.is_closed:
            if self._queue and not self.needs_snapshot:
                return super().next_frame()
            if not (self.behind or self.needs_snapshot):
                return None
            if frame := self.catch_up():
                return frame
        return None
