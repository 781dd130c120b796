"""The hub of `ws/club/<slug>/`: sends changes to members, and closes former members' sockets."""

import asyncio
import logging
from collections.abc import Sequence
from typing import ClassVar

from django.db import Error

from mainapp.clubs.events import CLUBS, ClubChanged, ClubLeft
from mainapp.clubs.fanout.archive import Archive
from mainapp.clubs.fanout.sockets import ClubSocket
from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.conflation import Conflator
from mainapp.core.realtime.frames import encode
from mainapp.core.realtime.hub import Task

logger = logging.getLogger(__name__)

CHANGED_S = 1.0  # at most one frame per club and part in this time
SWEEP_S = 10.0  # checks all sockets, because a message may be lost
CHUNK = 400


class ClubFanout(Hub):
    """The members' sockets of this process, by club."""

    groups = (CLUBS,)
    handlers: ClassVar = {
        "club.changed": (ClubChanged, "_club_changed"),
        "club.left": (ClubLeft, "_members_left"),
    }

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.archive = archive
        self.clubs: dict[int, set[ClubSocket]] = {}
        self._changes = Conflator(self._send, period_s=CHANGED_S)

    def tasks(self) -> Sequence[Task]:
        return (self._sweep,)

    async def cleanup(self) -> None:
        self._changes.stop()

    def join(self, socket: ClubSocket) -> None:
        self.clubs.setdefault(socket.membership[0], set()).add(socket)

    def leave(self, socket: ClubSocket) -> None:
        """Remove a socket. Safe to repeat."""
        socket.close()
        club = socket.membership[0]
        self.clubs.get(club, set()).discard(socket)
        if not self.clubs.get(club):
            self.clubs.pop(club, None)

    def _club_changed(self, message: ClubChanged) -> None:
        if message["club"] in self.clubs:
            self._changes.put((message["club"], message["part"]), None)

    def _send(self, change: tuple[int, str], _value: None) -> None:
        club, part = change
        frame = encode({"type": "changed", "part": part})
        for socket in list(self.clubs.get(club, ())):
            socket.send_change(frame)

    def _members_left(self, message: ClubLeft) -> None:
        """Hold frames for these users until the database confirms their membership."""
        users = message["users"]
        sockets = [
            socket
            for socket in self.clubs.get(message["club"], ())
            if users is None or socket.membership[1] in users
        ]
        for socket in sockets:
            socket.hold()
        if sockets:
            self.run_in_background(self._check(sockets))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            sockets = [socket for club in self.clubs.values() for socket in club]
            for at in range(0, len(sockets), CHUNK):
                await self._check(sockets[at : at + CHUNK])

    async def _check(self, sockets: Sequence[ClubSocket]) -> None:
        """Close the sockets of former members, and release the others.

        If the database fails, held sockets wait for the next sweep.
        """
        try:
            members = await query(self.archive.members_among, {s.membership for s in sockets})
        except Error as error:
            logger.warning("members of clubs could not be read: %s", error)
            return
        for socket in sockets:
            if socket.membership in members:
                socket.release()
            else:
                self._send_gone(socket)

    def _send_gone(self, socket: ClubSocket) -> None:
        """Send a former member only that the club is gone."""
        self.clubs.get(socket.membership[0], set()).discard(socket)
        self.run_in_background(socket.send_gone())
