"""Tells the tabs of an audience that a part of their page changed."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping

from django.db import Error

from mainapp.core.realtime import query
from mainapp.core.realtime.conflation import Conflator
from mainapp.core.realtime.frames import encode
from mainapp.notifications.events import EVERYBODY, Changed, PartChanged
from mainapp.notifications.fanout.sockets import InboxSocket

logger = logging.getLogger(__name__)

PART_S = 1.0  # at most one frame per user, part and audience in this time
RETRY_S = 2.0


class PartSync:
    """Reads who is in the audience of a change, and sends the frame to those with `sockets`."""

    def __init__(
        self,
        sockets: Mapping[int, set[InboxSocket]],
        users_in: Callable[[str], Collection[int]],
    ) -> None:
        self._sockets, self._users_in = sockets, users_in
        self._due: set[tuple[str, str]] = set()
        self._is_due = asyncio.Event()
        self._of_audiences = Conflator(self._read_soon, period_s=PART_S)
        self._of_users = Conflator(self._send_to_user, period_s=PART_S)

    def stop(self) -> None:
        self._of_audiences.stop()
        self._of_users.stop()

    def receive(self, message: PartChanged) -> None:
        part = message["part"]
        if message["audience"] and self._sockets:
            self._of_audiences.put((part, message["audience"]), None)
        for user in message["users"]:
            if user in self._sockets:
                self._of_users.put((part, user), None)

    def _read_soon(self, change: tuple[str, str], _value: None) -> None:
        self._due.add(change)
        self._is_due.set()

    async def send(self) -> None:
        """Send the changes of audiences, one query each."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            due, self._due = self._due, set()
            for part, audience in due:
                try:
                    await self._send_to_audience(part, audience)
                except Error as error:
                    logger.warning("an audience could not be read: %s", error)
                    self._due.add((part, audience))
            if self._due:
                await asyncio.sleep(RETRY_S)
                self._is_due.set()

    async def _send_to_audience(self, part: str, audience: str) -> None:
        if audience == EVERYBODY:
            users: Collection[int] = list(self._sockets)
        else:
            users = await query(self._users_in, audience)
        for user in users:
            self._write(part, user)

    def _send_to_user(self, change: tuple[str, int], _value: None) -> None:
        self._write(*change)

    def _write(self, part: str, user: int) -> None:
        frame = encode({**Changed(type="changed", part=part)})
        for socket in list(self._sockets.get(user, ())):
            socket.write_change(frame)
