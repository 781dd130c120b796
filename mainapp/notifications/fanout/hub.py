"""The hub of inboxes: reads announced changes once and sends them to all open sockets."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from django.db import Error

from mainapp.core.audience import users_in
from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.hub import Task
from mainapp.notifications.events import INBOXES, InboxesChanged, PartChanged, StateChanged
from mainapp.notifications.fanout.archive import Archive, InboxChanges, LatestIds
from mainapp.notifications.fanout.parts import PartSync
from mainapp.notifications.fanout.sockets import InboxSocket
from mainapp.notifications.fanout.states import StateSync

logger = logging.getLogger(__name__)

POLL_S = 2.0


class InboxFanout(Hub):
    """Sends new items and marks; polls every POLL_S, because messages may be lost."""

    groups = (INBOXES,)
    handlers: ClassVar = {
        "inboxes.changed": (InboxesChanged, "_inboxes_changed"),
        "inboxes.state": (StateChanged, "_state_changed"),
        "inboxes.part": (PartChanged, "_part_changed"),
    }

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.sockets: dict[int, set[InboxSocket]] = {}
        self.polling = asyncio.Lock()
        self.archive = archive
        self._latest_ids: LatestIds | None = None
        self._poll_now = asyncio.Event()
        self._states = StateSync(self.sockets)
        self._parts = PartSync(self.sockets, users_in)

    def tasks(self) -> Sequence[Task]:
        return self._poll_forever, self._states.send, self._states.sweep, self._parts.send

    async def cleanup(self) -> None:
        self._states.stop()
        self._parts.stop()

    async def ready(self) -> None:
        """Read the highest ids and join the groups. Raises: django.db.Error."""
        if self._latest_ids is None:
            await self.poll()
        await super().ready()

    def join(self, socket: InboxSocket) -> None:
        self.sockets.setdefault(socket.user_id, set()).add(socket)

    def leave(self, socket: InboxSocket) -> None:
        socket.close()
        own = self.sockets.get(socket.user_id, set())
        own.discard(socket)
        if not own:
            self.sockets.pop(socket.user_id, None)

    async def poll(self) -> None:
        """Read and send the changes since the last poll. One query if there are none."""
        async with self.polling:
            latest_ids = await query(self.archive.latest_ids)
            before, self._latest_ids = self._latest_ids, latest_ids
            if before is None or before == latest_ids or not self.sockets:
                return
            try:
                changes = await query(self.archive.changes, before, latest_ids, list(self.sockets))
            except BaseException:
                self._latest_ids = before
                raise
            self._send(changes)

    def _send(self, changes: InboxChanges) -> None:
        for user, item in changes.items:
            frame = encode({"type": "notification", **item})
            for socket in self._sockets_of(user):
                socket.write_change(frame, item["id"])
        for user, numbers, marked in changes.marked:
            frame = encode(marked)
            for socket in self._sockets_of(user):
                if socket.own_marks.isdisjoint(numbers):
                    socket.write_change(frame)
                socket.own_marks.difference_update(numbers)

    def _sockets_of(self, user: int | None) -> list[InboxSocket]:
        if user is None:
            return [socket for sockets in self.sockets.values() for socket in sockets]
        return list(self.sockets.get(user, ()))

    def _inboxes_changed(self, message: InboxesChanged) -> None:
        users = message["users"]
        if users is None or any(user in self.sockets for user in users):
            self._poll_now.set()

    def _state_changed(self, message: StateChanged) -> None:
        self._states.receive(message)

    def _part_changed(self, message: PartChanged) -> None:
        self._parts.receive(message)

    async def _poll_forever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._poll_now.wait()
            self._poll_now.clear()
            if self.sockets:
                try:
                    await self.poll()
                except Error as error:
                    logger.warning("inboxes could not be read: %s", error)
