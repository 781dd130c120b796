"""The hub of a web process: told that inboxes changed, it reads how, once for all open sockets."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import orjson
from django.db import Error

from mainapp.core.realtime import listen, query
from mainapp.notifications.events import INBOXES, InboxesChanged, Item, Marked

logger = logging.getLogger(__name__)

POLL_S = 2.0
READY_S = 1.0
CANCEL_AGAIN_S = 0.1
MAX_WAITING = 200

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Head(NamedTuple):
    """The newest numbers of notifications and of marks; what is committed later has higher ones."""

    notification: int
    mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """New items with their user (None: everybody's); marks as (user, their numbers, frame)."""

    items: list[tuple[int | None, Item]]
    marked: list[tuple[int, list[int], Marked]]


class Archive(Protocol):
    """The database, as the hub asks it from its query threads."""

    def head(self) -> Head: ...

    def news(self, after: Head, until: Head, users: Collection[int]) -> News: ...


class InboxSocket:
    """One tab's way out: frames in order, one at a time, at most MAX_WAITING of them waiting.

    While it is held, what the hub tells it is kept; `release` lets out what its snapshot lacks.
    """

    def __init__(self, user_id: int, send: Send, overflow: Callable[[], None]) -> None:
        self.user_id = user_id
        self.answered: set[int] = set()  # marks that this tab made: it has its answer
        self._send, self._overflow = send, overflow
        self._held: list[tuple[int, str]] | None = []
        self._waiting: deque[str] = deque()
        self._writing: asyncio.Task[None] | None = None

    def hold(self) -> None:
        self._held = [] if self._held is None else self._held

    def release(self, last_id: int) -> None:
        """Let the frames out that came meanwhile, without notifications up to `last_id`."""
        held, self._held = self._held or [], None
        for number, frame in held:
            if not 0 < number <= last_id:
                self.post(frame)

    def tell(self, frame: str, number: int = 0) -> None:
        """Send what the hub says; `number` is a notification's."""
        if self._held is None:
            self.post(frame)
        else:
            self._held.append((number, frame))

    def post(self, frame: str) -> None:
        self._waiting.append(frame)
        if len(self._waiting) > MAX_WAITING:
            self._overflow()
        elif self._writing is None:
            self._writing = asyncio.ensure_future(self._write())

    async def drained(self) -> None:
        """Wait until all is written: the back-pressure on what a client may ask."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    def close(self) -> None:
        self._waiting.clear()
        if self._writing is not None:
            self._writing.cancel()

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._send({"type": "websocket.send", "text": self._waiting.popleft()})
        except (OSError, RuntimeError):  # the client left, or the close frame is out
            self._waiting.clear()
        finally:
            self._writing = None


class InboxFanout:
    """One per process and event loop. Hints may be lost: the numbers are asked for every POLL_S."""

    def __init__(self, archive: Archive) -> None:
        self.sockets: dict[int, set[InboxSocket]] = {}
        self.looking = asyncio.Lock()
        self._archive = archive
        self._head: Head | None = None
        self._stir, self._joined = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._keep(work)) for work in (self._listen, self._keep_looking)
        ]

    async def ready(self) -> None:
        """Know the newest numbers, and hear hints unless Redis is away. Raises: django.db.Error."""
        if self._head is None:
            await self.look()
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                await self._joined.wait()

    async def stop(self) -> None:
        while pending := [task for task in self._tasks if not task.done()]:
            for task in pending:
                task.cancel()
            # Once may not do: wait_for, in redis-py too, can swallow it until Python 3.12.
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)

    def join(self, socket: InboxSocket) -> None:
        self.sockets.setdefault(socket.user_id, set()).add(socket)

    def leave(self, socket: InboxSocket) -> None:
        socket.close()
        own = self.sockets.get(socket.user_id, set())
        own.discard(socket)
        if not own:
            self.sockets.pop(socket.user_id, None)

    async def look(self) -> None:
        """Read what is new since the last look and tell it. One query where nothing is."""
        async with self.looking:
            head = await query(self._archive.head)
            before, self._head = self._head, head
            if before is None or before == head or not self.sockets:
                return
            try:
                news = await query(self._archive.news, before, head, list(self.sockets))
            except BaseException:
                self._head = before
                raise
            self._tell(news)

    def _tell(self, news: News) -> None:
        for user, item in news.items:
            frame = encode({"type": "notification", **item})
            for socket in self._of(user):
                socket.tell(frame, item["id"])
        for user, numbers, marked in news.marked:
            frame = encode(marked)
            for socket in self._of(user):
                if socket.answered.isdisjoint(numbers):
                    socket.tell(frame)
                socket.answered.difference_update(numbers)

    def _of(self, user: int | None) -> list[InboxSocket]:
        if user is None:
            return [socket for sockets in self.sockets.values() for socket in sockets]
        return list(self.sockets.get(user, ()))

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task for ever: an error nobody foresaw is told, and must not darken every page."""
        while True:
            try:
                await work()
            except Exception:
                logger.exception("%s failed and starts again", work.__name__)
                await asyncio.sleep(POLL_S)

    async def _listen(self) -> None:
        await listen([INBOXES], self._hear, joined=self._joined)

    def _hear(self, message: InboxesChanged) -> None:
        users = message["users"]
        if users is None or any(user in self.sockets for user in users):
            self._stir.set()

    async def _keep_looking(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._stir.wait()
            self._stir.clear()
            if self.sockets:
                try:
                    await self.look()
                except Error as error:
                    logger.warning("inboxes could not be read: %s", error)


def encode(frame: Any) -> str:
    return orjson.dumps(frame).decode()
