"""A socket's way out: in place while the client keeps up, conflated when it does not."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
MAX_QUEUED = 16


class TrackedSocket:
    """One client of the tracker: what it wants, up to which number it was told, and its writer.

    A frame is handed to the server's `send` in place, without a task. When the server asks to wait
    (its buffer is full: the client reads too slowly) one task waits, updates are not kept but
    remembered as "behind since number n", and what changed since then is sent as one frame when the
    client reads again. Only replies and chat are queued, at most MAX_QUEUED.
    """

    __slots__ = (
        "_catch_up",
        "_queue",
        "_send",
        "_waiting",
        "behind",
        "is_closed",
        "limit",
        "needs_snapshot",
        "room",
        "sent_at",
        "seq",
        "symbols",
    )

    def __init__(
        self,
        *,
        send: Send,
        room: str,
        limit: int,
        catch_up: Callable[["TrackedSocket"], str | None],
    ) -> None:
        self._send = send
        self._catch_up = catch_up
        self._queue: deque[Callable[[], str]] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self.room = room
        self.limit = limit
        self.symbols: set[str] = set()
        self.seq = 0
        self.behind = False
        self.needs_snapshot = False
        self.is_closed = False
        self.sent_at = 0.0

    @property
    def is_busy(self) -> bool:
        return self._waiting is not None

    def offer(self, frame: str, now: float) -> bool:
        """Send `frame` at once; False, and nothing kept, when an earlier one still waits."""
        if self._waiting is not None:
            return False
        if self.is_closed:
            return True
        self.sent_at = now
        sending = self._send({"type": "websocket.send", "text": frame})
        assert isinstance(sending, Coroutine)
        try:
            blocked_on = sending.send(None)
        except StopIteration:
            return True
        except (OSError, RuntimeError):  # the client left, or the close frame is out
            self.is_closed = True
            return True
        self._waiting = asyncio.ensure_future(_rest(sending, blocked_on))
        self._waiting.add_done_callback(self._resume)
        return True

    def post(self, build: Callable[[], str], now: float) -> bool:
        """Send what `build` returns, in order, built when its turn comes; False: dropped."""
        if self._waiting is None:
            return self.offer(build(), now)
        if self._queue is None:
            self._queue = deque()
        if len(self._queue) >= MAX_QUEUED:
            return False
        self._queue.append(build)
        return True

    def post_once(self, build: Callable[[], str]) -> None:
        """Queue what `build` returns, unless something waits there already."""
        if self._waiting is not None and not self._queue:
            self._queue = deque([build])

    async def drained(self) -> None:
        """Wait until nothing waits to be written: the back-pressure on what a client may ask."""
        while self._waiting is not None and not self.is_closed:
            await asyncio.wait([self._waiting])
            await asyncio.sleep(0)

    def close(self) -> None:
        self.is_closed = True
        self._queue = None
        if self._waiting is not None:
            self._waiting.cancel()

    def _resume(self, done: "asyncio.Task[None]") -> None:
        self._waiting = None
        if done.cancelled() or done.exception() is not None:
            self.is_closed = True
            return
        now = done.get_loop().time()
        while self._waiting is None and not self.is_closed:
            if self._queue and not self.needs_snapshot:
                self.offer(self._queue.popleft()(), now)
            elif self.behind or self.needs_snapshot:
                frame = self._catch_up(self)
                if frame is not None:
                    self.offer(frame, now)
            else:
                self._queue = None
                return


@types.coroutine
def _rest(sending: Coroutine[Any, Any, None], blocked_on: Any) -> Generator[Any, Any, None]:
    """Finish a coroutine whose first step was already taken and waits on `blocked_on`."""
    try:
        while True:
            try:
                sent = yield blocked_on
            except BaseException as error:  # it belongs to the coroutine
                blocked_on = sending.throw(error)
            else:
                blocked_on = sending.send(sent)
    except StopIteration:
        return
