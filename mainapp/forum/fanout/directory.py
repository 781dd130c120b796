"""The rooms that are open in this process: opened by their first socket, closed when deleted."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from mainapp.core.realtime import query
from mainapp.forum.fanout.archive import Archive
from mainapp.forum.fanout.room import OpenRoom
from mainapp.forum.fanout.sockets import RoomSocket
from mainapp.forum.policies import PRIVATE

PRESENCE_S = 0.5


class RoomDirectory:
    """Opens and closes rooms in `rooms`, by number."""

    def __init__(
        self,
        rooms: dict[int, OpenRoom],
        archive: Archive,
        run_in_background: Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"],
        *,
        opened: Callable[[], None],
    ) -> None:
        self._rooms = rooms
        self._archive = archive
        self._run_in_background = run_in_background
        self._opened = opened
        self._opening: dict[int, asyncio.Task[OpenRoom | None]] = {}

    async def open(self, pk: int) -> OpenRoom | None:
        """Return a room, or None if it does not exist.

        Two queries, or three for a private room, for a room's first socket only.

        Waits up to PRESENCE_S for the list of present users, so that the first frame is complete.
        """
        room = self._rooms.get(pk)
        if room is None:
            if pk not in self._opening:
                self._opening[pk] = self._run_in_background(self._load(pk))
            room = await asyncio.shield(self._opening[pk])
        if room and not room.presence_known.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PRESENCE_S):
                    await room.presence_known.wait()
        # The room may have been closed in the meantime, after its last socket left.
        return room if room is None else self._rooms.setdefault(pk, room)

    def close_sockets(self, sockets: Iterable[RoomSocket]) -> None:
        """Close sockets whose users may no longer read their room; they are sent nothing more."""
        for socket in sockets:
            socket.close()
            self._run_in_background(socket.close_room())

    def close(self, pk: int) -> None:
        """Close the sockets of a room that was deleted."""
        room = self._rooms.pop(pk)
        for socket in list(room.sockets):
            self._run_in_background(socket.close_room())

    async def _load(self, pk: int) -> OpenRoom | None:
        try:
            state = (await query(self._archive.room_states, [pk])).get(pk)
            if state is None:
                return None
            muted = await query(self._archive.muted, [pk])
            members = {}
            if state.kind in PRIVATE:
                members = (await query(self._archive.members, [pk]))[pk]
            # Another consumer may have kept a room that was forgotten, and joined it meanwhile.
            room = self._rooms.setdefault(pk, OpenRoom(pk, state, muted[pk], members))
            self._opened()
            return room
        finally:
            del self._opening[pk]
