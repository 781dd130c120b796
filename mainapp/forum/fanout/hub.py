"""The hub of rooms: reads announced changes once and sends them to each room's sockets."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import ClassVar
from uuid import uuid4

from mainapp.accounts.events import PRESENCE, PresenceChanged
from mainapp.core.realtime import Hub, query
from mainapp.core.realtime.hub import Task
from mainapp.core.redis import async_client
from mainapp.forum.events import ROOMS, BlocksChanged, RoomChanged, RoomRead, RoomTyping
from mainapp.forum.fanout.archive import Archive, RoomMessage
from mainapp.forum.fanout.directory import RoomDirectory
from mainapp.forum.fanout.passing import PassingFrames
from mainapp.forum.fanout.presence import RoomPresence
from mainapp.forum.fanout.room import OpenRoom
from mainapp.forum.fanout.rules import RulesReader
from mainapp.forum.fanout.sockets import CatchUp, RoomSocket

POLL_S = 1.0
MAX_BURST = 500  # after more changes than this, each socket reads them itself, page by page


class RoomFanout(Hub):
    """Reads announced changes from the database; `notify` announces those of this process.

    A message may be lost, so the revisions of the open rooms are polled every POLL_S.
    """

    groups = (ROOMS, PRESENCE)
    handlers: ClassVar = {
        "room.changed": (RoomChanged, "_room_changed"),
        "room.typing": (RoomTyping, "_typing"),
        "room.read": (RoomRead, "_read"),
        "blocks.changed": (BlocksChanged, "_blocks_changed"),
        "presence.changed": (PresenceChanged, "_presence_changed"),
    }

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.name = uuid4().hex
        self._archive = archive
        self._changed, self._poll_now = asyncio.Event(), asyncio.Event()
        self._redis = async_client()
        self.rooms: dict[int, OpenRoom] = {}
        self.presence = RoomPresence(self.name, self.rooms, self._redis, archive)
        self.directory = RoomDirectory(
            self.rooms, archive, self.run_in_background, opened=self.presence.wake_up
        )
        self.catch_up = CatchUp(archive, self.run_in_background)
        self.rules = RulesReader(
            self.rooms, archive, self.directory, self._poll_now, applied=self.presence.wake_up
        )
        self.passing = PassingFrames(self.name, self.rooms, archive, self.rules, self.now)
        self._typing, self._read = self.passing.receive_typing, self.passing.receive_read
        self._blocks_changed = self.passing.receive_blocks
        self._presence_changed = self.presence.receive

    def tasks(self) -> Sequence[Task]:
        return self._poll, self._read_changes, self.presence.run

    async def cleanup(self) -> None:
        """Close the connection. Leases stay, because the users reconnect to another process."""
        self.passing.stop()
        await self._redis.aclose()

    # Sockets -----------------------------------------------------------------------------------

    def join(self, room: OpenRoom, socket: RoomSocket) -> None:
        room.join(socket)
        self.presence.wake_up()

    def leave(self, room: OpenRoom, socket: RoomSocket) -> None:
        """Remove a socket. Safe to repeat."""
        socket.close()
        if socket in room.sockets:
            room.leave(socket)
            if socket.person and socket.is_counted:
                self.presence.remove_later(room, socket.person["id"])

    def notify(self, pk: int, revision: int) -> None:
        """Announce a committed revision of a room."""
        if (room := self.rooms.get(pk)) and revision > room.latest_revision:
            room.latest_revision = revision
            self._changed.set()

    # Messages ----------------------------------------------------------------------------------

    def _room_changed(self, message: RoomChanged) -> None:
        room = self.rooms.get(message["room"])
        if room is None:
            return
        self.rules.note(room, message["rules_revision"])
        if message["revision"] - room.revision > MAX_BURST:
            self._poll_now.set()  # a number that far ahead may be wrong: read it from the database
        else:
            self.notify(room.pk, message["revision"])

    # Tasks -------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        """Read the open rooms' numbers and rules: at once when hinted, else every POLL_S."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._poll_now.wait()
            self._poll_now.clear()
            for room in [room for room in self.rooms.values() if not room.sockets]:
                self.presence.discard(room)
            if self.rooms:
                await self._poll_once(list(self.rooms))

    async def _poll_once(self, rooms: Collection[int]) -> None:
        states = await self.rules.read(rooms)
        for pk in rooms:
            if pk in states:
                self.notify(pk, states[pk].revision)
            elif pk in self.rooms:
                self.directory.close(pk)

    async def _read_changes(self) -> None:
        """Read the missing changes: one query for any number of rooms and sockets."""
        while True:
            for room in self.rooms.values():
                if room.latest_revision - room.revision > MAX_BURST:
                    room.skip_to(room.latest_revision)
                    for socket in room.sockets:
                        self.catch_up.start(room, socket)
            if behind := {pk: r.latest_revision for pk, r in self.rooms.items() if r.is_behind}:
                await self._read_messages(behind)
                continue
            await self._changed.wait()
            self._changed.clear()

    async def _read_messages(self, revisions: dict[int, int]) -> None:
        since = {pk: self.rooms[pk].revision for pk in revisions}
        by_room: dict[int, list[RoomMessage]] = defaultdict(list)
        for message in await query(self._archive.messages_since, since):
            by_room[message.room_pk].append(message)
        # Read after the messages: whoever was removed before one was written is gone by now.
        await self.rules.read_private(revisions)
        for pk, revision in revisions.items():
            if room := self.rooms.get(pk):
                room.apply_messages(by_room[pk], revision)
