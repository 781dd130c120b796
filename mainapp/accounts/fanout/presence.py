"""The hub of `ws/presence/`: sends each socket the people of its user's circles who come and go."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar

from django.db import Error

from mainapp.accounts.events import PRESENCE, PresenceChanged
from mainapp.accounts.fanout.archive import Archive
from mainapp.accounts.fanout.circles import Online, View, VisiblePerson
from mainapp.accounts.fanout.online import OnlineUsers
from mainapp.accounts.fanout.sockets import EncodedPeople, PresenceSocket
from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.hub import Task

logger = logging.getLogger(__name__)

FRAME_S = 1.0  # at most one frame per socket in this time
BUSY_S = 0.5
RETRY_S = 2.0
REFRESH_S = 60.0  # everything is read again, because announcements may be lost
CHUNK = 2000
SOCKETS = 100  # written without a pause for other tasks
FIRST_S = 1.0  # the longest wait for the list of users who are online in other processes


class PresenceFanout(Hub):
    """Reads arriving users in batches, and sends each socket at most one frame in FRAME_S.

    So 2,000 people who come and go at once cost a few queries, and one frame per socket and second.
    Nothing is read while the process has no such socket.
    """

    groups = (PRESENCE,)
    handlers: ClassVar = {"presence.changed": (PresenceChanged, "_users_changed")}

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive = archive
        self._source: OnlineUsers | None = None
        self.sockets: set[PresenceSocket] = set()
        self.online = Online()
        self._known: set[int] = set()  # online users who were read, visible or not
        self._stale: set[int] = set()
        self._wake = asyncio.Event()
        self._refresh_at = 0.0

    def tasks(self) -> Sequence[Task]:
        return (self._run,)

    def join(self, socket: PresenceSocket, source: OnlineUsers) -> None:
        """Add a socket; its first frame follows as soon as the people are known."""
        if self._source is not source:
            self._source = source
            source.listeners.append(self._wake.set)
        self.sockets.add(socket)
        self._wake.set()

    def leave(self, socket: PresenceSocket) -> None:
        """Remove a socket. Safe to repeat."""
        socket.close()
        self.sockets.discard(socket)

    def _users_changed(self, message: PresenceChanged) -> None:
        self._stale.update(message["users"])
        self._wake.set()

    # The loop ----------------------------------------------------------------------------------

    async def _run(self) -> None:
        wait_s = REFRESH_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            self._wake.clear()
            if self._source is None or not self.sockets:
                self._forget()
                wait_s = REFRESH_S
                continue
            try:
                await self._read(self._source)
            except Error as error:
                logger.warning("presence could not be read: %s", error)
                self._refresh_at = 0.0
                wait_s = RETRY_S
                continue
            wait_s = await self._send()

    def _forget(self) -> None:
        self.online, self._known, self._stale = Online(), set(), set()

    async def _read(self, source: OnlineUsers) -> None:
        """Read the users who came or changed, and the views of new sockets.

        Two queries and two for each kind of circles, for up to CHUNK users.
        """
        if not source.presence_known.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_S):
                    await source.presence_known.wait()
        if self.now() >= self._refresh_at:
            self._stale |= self._known | {socket.user_id for socket in self.sockets}
            self._refresh_at = self.now() + REFRESH_S
        stale, self._stale = self._stale, set()
        users = source.users.union(source.here)
        left = self._known - users
        await self._read_people(left, [pk for pk in users if pk in stale or pk not in self._known])
        await self._read_views(stale)

    async def _read_people(self, left: Collection[int], wanted: Sequence[int]) -> None:
        read: dict[int, VisiblePerson | None] = dict.fromkeys(wanted)
        for at in range(0, len(wanted), CHUNK):
            read |= await query(self._archive.visible_people, wanted[at : at + CHUNK])
        count = len(self.online.people)
        self._known = self._known.difference(left).union(wanted)
        changed = self.online.apply(left, read)
        is_other_count = count != len(self.online.people)
        for socket in self.sockets:
            socket.is_dirty |= is_other_count or socket.is_concerned(changed)

    async def _read_views(self, stale: Collection[int]) -> None:
        sockets = [s for s in self.sockets if s.view is None or s.user_id in stale]
        users = list({socket.user_id for socket in sockets})
        views: dict[int, View] = {}
        for at in range(0, len(users), CHUNK):
            chunk = users[at : at + CHUNK]
            views |= await query(self._archive.views_of, chunk, datetime.now(UTC))
        for socket in sockets:
            socket.view, socket.is_dirty = views[socket.user_id], True

    async def _send(self) -> float:
        """Send the frames that are due; return the seconds until the next ones are."""
        encoded, waits = EncodedPeople(self.online), [REFRESH_S]
        dirty = [socket for socket in self.sockets if socket.is_dirty and socket.view]
        for number, socket in enumerate(dirty):
            if number % SOCKETS == SOCKETS - 1:
                await asyncio.sleep(0)
            wait_s = BUSY_S if socket.is_busy else socket.due_at - self.now()
            if wait_s > 0:
                waits.append(wait_s)
            elif frame := socket.frame(self.online, encoded):
                socket.due_at = self.now() + FRAME_S
                socket.write(frame)
        return min(waits)
