"""The hub of inboxes: reads announced changes once and sends them to all open sockets."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from django.db import Error

from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.hub import Task
from mainapp.notifications.events import INBOXES, InboxesChanged
from mainapp.notifications.fanout.archive import Archive, Head, News
from mainapp.notifications.fanout.sockets import InboxSocket

logger = logging.getLogger(__name__)

POLL_S = 2.0


class InboxFanout(Hub):
    """Sends new items and marks; polls every POLL_S, because messages may be lost."""

    groups = (INBOXES,)
    handlers: ClassVar = {"inboxes.changed": (InboxesChanged, "_inboxes_changed")}

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.sockets: dict[int, set[InboxSocket]] = {}
        self.polling = asyncio.Lock()
        self.archive = archive
        self._head: Head | None = None
        self._poll_now = asyncio.Event()

    def tasks(self) -> Sequence[Task]:
        return (self._poll_forever,)

    async def ready(self) -> None:
        """Read the highest ids and join the groups. Raises: django.db.Error."""
        if self._head is None:
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
            head = await query(self.archive.head)
            before, self._head = self._head, head
            if before is None or before == head or not self.sockets:
                return
            try:
                news = await query(self.archive.news, before, head, list(self.sockets))
            except BaseException:
                self._head = before
                raise
            self._send(news)

    def _send(self, news: News) -> None:
        for user, item in news.items:
            frame = encode({"type": "notification", **item})
            for socket in self._sockets_of(user):
                socket.write_news(frame, item["id"])
        for user, numbers, marked in news.marked:
            frame = encode(marked)
            for socket in self._sockets_of(user):
                if socket.own_marks.isdisjoint(numbers):
                    socket.write_news(frame)
                socket.own_marks.difference_update(numbers)

    def _sockets_of(self, user: int | None) -> list[InboxSocket]:
        if user is None:
            return [socket for sockets in self.sockets.values() for socket in sockets]
        return list(self.sockets.get(user, ()))

    def _inboxes_changed(self, message: InboxesChanged) -> None:
        users = message["users"]
        if users is None or any(user in self.sockets for user in users):
            self._poll_now.set()

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
