"""The sockets of people who are logged in, which close when the login ends."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from django.db import DatabaseError
from psycopg_pool import PoolTimeout

from mainapp.accounts.events import LOGINS, LoginEnded
from mainapp.core.consumers import COME_AGAIN, SESSION_ENDED, BaseConsumer
from mainapp.core.realtime import listen

logger = logging.getLogger(__name__)

SWEEP_S = 10.0
CHUNK = 500
READY_S = 1.5
REMEMBER_S = 60.0  # longer than a session takes to be read from the slowest database
CANCEL_AGAIN_S = 0.1


class Rights(NamedTuple):
    """What a socket's user had when it was opened, and must have still."""

    password: str
    access_level: str


# Return which of these sessions live and what these users may; who is deactivated has nothing.
Read = Callable[[Collection[str], Collection[int]], Awaitable[tuple[set[str], dict[int, Rights]]]]


class LoginHub:
    """One per process and event loop. Sockets join and leave without I/O.

    A hint, published after the commit that ended a login, closes its sockets at once. A hint can be
    lost, so every SWEEP_S the database is asked about all sockets, CHUNK by CHUNK: the truth.
    """

    def __init__(self, *, read: Read) -> None:
        self._read = read
        self._by_user: dict[int, set[BaseConsumer]] = {}
        self._recent: deque[tuple[float, LoginEnded]] = deque()
        self._loop = asyncio.get_running_loop()
        self._joined = asyncio.Event()
        self._tasks = [
            self._loop.create_task(work)
            for work in (listen([LOGINS], self._hear, joined=self._joined), self._sweep())
        ]

    def now(self) -> float:
        return self._loop.time()

    async def ready(self) -> None:
        """Wait until hints are heard, but not for a Redis that is away."""
        if not self._joined.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_S):
                    await self._joined.wait()

    def join(self, socket: BaseConsumer) -> None:
        """Take a socket in; end it if its login ended since it was looked up (`known_at`)."""
        self._by_user.setdefault(socket.scope["user"].pk, set()).add(socket)
        for heard_at, ended in self._recent:
            if heard_at >= socket.scope["known_at"] and _concerns(ended, socket):
                socket.end(ended["code"])

    def leave(self, socket: BaseConsumer) -> None:
        """Forget a socket; safe to repeat."""
        pk = socket.scope["user"].pk
        if sockets := self._by_user.get(pk):
            sockets.discard(socket)
            if not sockets:
                del self._by_user[pk]

    async def stop(self) -> None:
        while pending := [task for task in self._tasks if not task.done()]:
            for task in pending:
                task.cancel()
            # Once may not do: wait_for, in redis-py too, can swallow it until Python 3.12.
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)

    def _hear(self, ended: LoginEnded) -> None:
        now = self.now()
        while self._recent and self._recent[0][0] < now - REMEMBER_S:
            self._recent.popleft()
        self._recent.append((now, ended))
        for socket in self._by_user.get(ended["user"], ()):
            if _concerns(ended, socket):
                socket.end(ended["code"])

    async def _sweep(self) -> None:
        while True:
            sockets = [socket for own in self._by_user.values() for socket in own]
            chunks = [sockets[at : at + CHUNK] for at in range(0, len(sockets), CHUNK)] or [[]]
            for chunk in chunks:
                await asyncio.sleep(SWEEP_S / len(chunks))
                await self._check(chunk)

    async def _check(self, sockets: Sequence[BaseConsumer]) -> None:
        keys = {key for socket in sockets if (key := socket.scope["session_key"])}
        try:
            living, rights = await self._read(keys, {s.scope["user"].pk for s in sockets})
        except (DatabaseError, PoolTimeout) as error:
            logger.warning("whose logins are over could not be read: %s", error)
            return
        for socket in sockets:
            if code := _end_code(socket.scope, living, rights):
                socket.end(code)


def _concerns(ended: LoginEnded, socket: BaseConsumer) -> bool:
    scope = socket.scope
    return scope["user"].pk == ended["user"] and ended["session"] in (None, scope["session_key"])


def _end_code(scope: Any, living: set[str], rights: dict[int, Rights]) -> int | None:
    """Return how a socket is to close; None: its login is as it was."""
    user, key = scope["user"], scope["session_key"]
    has = rights.get(user.pk)
    if has is None or has.password != user.password or (key and key not in living):
        return SESSION_ENDED
    return None if has.access_level == user.access_level else COME_AGAIN
