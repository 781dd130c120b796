"""The hub of log-ins: closes the sockets of a user when the log-in that opened them ends."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db import DatabaseError

from mainapp.accounts.events import LOGINS, LoginEnded
from mainapp.accounts.fanout.online import OnlineUsers
from mainapp.core.consumers import RECONNECT, SESSION_ENDED, BaseConsumer
from mainapp.core.realtime import Hub
from mainapp.core.realtime.hub import Task

logger = logging.getLogger(__name__)

SWEEP_S = 10.0
CHUNK = 500
REMEMBER_S = 60.0  # longer than reading a session takes on the slowest database


class Rights(NamedTuple):
    """A user's password hash and rights; a socket ends when any of them changes."""

    password: str
    access_level: str
    is_superuser: bool
    suspended_until: datetime | None


# Returns the valid ones of these session keys, and the rights of the active ones of these users.
ReadRights = Callable[
    [Collection[str], Collection[int]], Awaitable[tuple[set[str], dict[int, Rights]]]
]


class LoginHub(Hub):
    """Closes sockets at once on a message published after the commit that ended a log-in.

    The message is a hint: the database decides, so a recorded message that is sent again ends
    nothing. It may be lost, so every SWEEP_S the database is read for all sockets, in CHUNKs.
    """

    groups = (LOGINS,)
    handlers: ClassVar = {"login.ended": (LoginEnded, "end_login")}

    def __init__(self, read_rights: ReadRights) -> None:
        super().__init__()
        self._read_rights = read_rights
        self._by_user: dict[int, set[BaseConsumer]] = {}
        self.recent: deque[tuple[float, LoginEnded]] = deque()
        self.online = OnlineUsers()

    def tasks(self) -> Sequence[Task]:
        return self._sweep, self.online.run

    async def cleanup(self) -> None:
        await self.online.close()

    def join(self, socket: BaseConsumer) -> None:
        """Add a socket; check it if its log-in may have ended since it was read (`known_at`)."""
        pk = socket.scope["user"].pk
        self._by_user.setdefault(pk, set()).add(socket)
        self.online.join(pk)
        for received_at, ended in self.recent:
            if received_at >= socket.scope["known_at"] and _concerns(ended, socket):
                self.run_in_background(self._check([socket]))
                break

    def leave(self, socket: BaseConsumer) -> None:
        """Remove a socket. Safe to repeat."""
        pk = socket.scope["user"].pk
        sockets = self._by_user.get(pk, set())
        if socket in sockets:
            self.online.leave_later(pk)
            sockets.discard(socket)
            if not sockets:
                del self._by_user[pk]

    async def end_login(self, ended: LoginEnded) -> None:
        now = self.now()
        while self.recent and self.recent[0][0] < now - REMEMBER_S:
            self.recent.popleft()
        self.recent.append((now, ended))
        sockets = [s for s in self._by_user.get(ended["user"], ()) if _concerns(ended, s)]
        if sockets:
            self.run_in_background(self._check(sockets))

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
            valid, rights = await self._read_rights(keys, {s.scope["user"].pk for s in sockets})
        except DatabaseError as error:
            logger.warning("ended log-ins could not be read: %s", error)
            return
        for socket in sockets:
            if code := _end_code(socket.scope, valid, rights):
                socket.end(code)


def _concerns(ended: LoginEnded, socket: BaseConsumer) -> bool:
    scope = socket.scope
    return scope["user"].pk == ended["user"] and ended["session"] in (None, scope["session_key"])


def _end_code(scope: Any, valid: set[str], rights: dict[int, Rights]) -> int | None:
    """Return the code to close a socket with; None when its log-in is unchanged."""
    user, key = scope["user"], scope["session_key"]
    current = rights.get(user.pk)
    if current is None or current.password != user.password or (key and key not in valid):
        return SESSION_ENDED
    is_unchanged = current[1:] == (user.access_level, user.is_superuser, user.suspended_until)
    return None if is_unchanged else RECONNECT
