"""The hub of rooms: reads announced changes once and sends them to each room's sockets."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import ClassVar
from uuid import uuid4

from mainapp.core.realtime import GroupMessage, Hub, publish, query
from mainapp.core.realtime.conflation import Conflator
from mainapp.core.realtime.hub import Task
from mainapp.core.redis import async_client
from mainapp.forum.events import (
    ROOMS,
    BlocksChanged,
    Person,
    RoomChanged,
    RoomRead,
    RoomTyping,
)
from mainapp.forum.fanout.archive import Archive, RoomMessage, RoomState
from mainapp.forum.fanout.directory import RoomDirectory
from mainapp.forum.fanout.presence_sync import PresenceSync
from mainapp.forum.fanout.room import OpenRoom
from mainapp.forum.fanout.sockets import CatchUp, RoomSocket
from mainapp.forum.policies import PRIVATE

POLL_S = 1.0
READ_S = 1.0
MAX_BURST = 500  # after more changes than this, each socket reads them itself, page by page


class RoomFanout(Hub):
    """Reads announced changes from the database; `notify` announces those of this process.

    A message may be lost, so the revisions of the open rooms are polled every POLL_S.
    """

    groups = (ROOMS,)
    handlers: ClassVar = {
        "room.changed": (RoomChanged, "_room_changed"),
        "room.typing": (RoomTyping, "_typing"),
        "room.read": (RoomRead, "_read"),
        "blocks.changed": (BlocksChanged, "_blocks_changed"),
    }

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.name = uuid4().hex
        self._archive = archive
        self._changed, self._poll_now = asyncio.Event(), asyncio.Event()
        self._redis = async_client()
        self.rooms: dict[int, OpenRoom] = {}
        self.presence = PresenceSync(
            self.name, self.rooms, self._redis, read_people=lambda ids: query(archive.people, ids)
        )
        self.directory = RoomDirectory(
            self.rooms, archive, self.run_in_background, opened=self.presence.wake_up
        )
        self.catch_up = CatchUp(archive, self.run_in_background)
        self._reads = Conflator(self._send_read, period_s=READ_S)

    def tasks(self) -> Sequence[Task]:
        return self._poll, self._read_changes, self.presence.run

    async def cleanup(self) -> None:
        """Close the connection. Leases stay, because the users reconnect to another process."""
        self._reads.stop()
        await self._redis.aclose()

    # Sockets -----------------------------------------------------------------------------------

    async def admits(self, room: OpenRoom, user_id: int | None) -> bool:
        """Return whether a user may read a room now; one query for a private one.

        The rules in memory may be too old in both directions.
        """
        if room.rules.is_private:
            await self.read_rules([room.pk])
        return room.may_read(user_id)

    def join(self, room: OpenRoom, socket: RoomSocket) -> None:
        room.join(socket)
        self.presence.wake_up()

    def leave(self, room: OpenRoom, socket: RoomSocket) -> None:
        """Remove a socket. Safe to repeat."""
        socket.close()
        if socket in room.sockets:
            room.leave(socket)
            if socket.person:
                self.presence.remove_later(room, socket.person["id"])

    def notify(self, pk: int, revision: int) -> None:
        """Announce a committed revision of a room."""
        if (room := self.rooms.get(pk)) and revision > room.latest_revision:
            room.latest_revision = revision
            self._changed.set()

    async def send_typing(self, room: OpenRoom, person: Person) -> None:
        """Notify the room's other users, in all processes, that `person` is typing.

        One query for a private room, as somebody may have been removed.
        """
        if not room.may_type(person, self.now()) or not await self.admits(room, person["id"]):
            return
        room.send_typing(person, self.now())
        body = RoomTyping(
            type="room.typing",
            room=room.pk,
            origin=self.name,
            user=person,
            rules_revision=room.rules_revision,
        )
        publish([GroupMessage(ROOMS, body, key=("typing", room.pk, person["id"]))])

    def send_read(self, room: OpenRoom, person: Person, seq: int) -> None:
        """Notify the participants in this process that `person` has read up to `seq`."""
        self._reads.put((room.pk, person["id"]), (person, seq))

    # Messages ----------------------------------------------------------------------------------

    def _room_changed(self, message: RoomChanged) -> None:
        room = self.rooms.get(message["room"])
        if room is None:
            return
        self._note_rules(room, message["rules_revision"])
        is_far_ahead = message["revision"] - room.revision > MAX_BURST
        if is_far_ahead or message["rules_revision"] > room.rules_revision:
            self._poll_now.set()  # a number that far ahead may be wrong: read it from the database
        if not is_far_ahead:
            self.notify(room.pk, message["revision"])

    def _typing(self, message: RoomTyping) -> None:
        room = self.rooms.get(message["room"])
        if room and message["origin"] != self.name:
            self._note_rules(room, message["rules_revision"])
            room.send_typing(message["user"], self.now())

    def _read(self, message: RoomRead) -> None:
        if room := self.rooms.get(message["room"]):
            self._note_rules(room, message["rules_revision"])
            person = message["user"]
            self._reads.put((room.pk, person["id"]), (person, message["seq"]))

    def _send_read(self, key: tuple[int, int], mark: tuple[Person, int]) -> None:
        if room := self.rooms.get(key[0]):
            room.send_read(*mark)

    async def _blocks_changed(self, message: BlocksChanged) -> None:
        """Read the blocks of these users' sockets again, and send them the `room` frame."""
        users = set(message["users"])
        sockets = [(r, s) for r in self.rooms.values() for s in r.sockets if s.user_id in users]
        if not sockets:
            return
        blocks = await query(self._archive.blocks_of, users)
        for room, socket in sockets:
            if socket in room.sockets:
                socket.blocks = blocks[socket.user_id or 0]
                room.send_room(socket)

    def _note_rules(self, room: OpenRoom, rules_revision: int) -> None:
        """Suspend a private room, whose rules are older than this, until they are read."""
        if rules_revision > room.rules_revision:
            room.latest_rules, room.hints = max(room.latest_rules, rules_revision), room.hints + 1
            self._poll_now.set()

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
        states = await self.read_rules(rooms)
        for pk in rooms:
            if pk in states:
                self.notify(pk, states[pk].revision)
            elif pk in self.rooms:
                self.directory.close(pk)

    async def read_rules(self, rooms: Collection[int]) -> dict[int, RoomState]:
        """Read the rules of open rooms where they have changed; return the existing rooms.

        One query, and two more for changed rules. Sockets of users who no longer take part in a
        private room are closed.
        """
        hints = {pk: self.rooms[pk].hints for pk in rooms if pk in self.rooms}
        states = await query(self._archive.room_states, rooms)
        changed = [pk for pk in states if self._lacks_rules(pk, states[pk])]
        muted = await query(self._archive.muted, changed) if changed else {}
        private = [pk for pk in changed if states[pk].kind in PRIVATE]
        members = await query(self._archive.members, private) if private else {}
        for pk in changed:
            if self._lacks_rules(pk, states[pk]):
                room = self.rooms[pk]
                outsiders = room.apply_rules(states[pk], muted[pk], members.get(pk, {}))
                self.directory.close_sockets(outsiders)
                self.presence.wake_up()
        for pk, state in states.items():
            # A newer hint that arrived during the queries is not answered by them.
            if (opened := self.rooms.get(pk)) and opened.hints == hints.get(pk):
                opened.latest_rules = state.rules_revision
        return states

    def _lacks_rules(self, pk: int, state: RoomState) -> bool:
        room = self.rooms.get(pk)
        return room is not None and room.lacks_rules(state)

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
        if private := [pk for pk in revisions if self._is_private(pk)]:
            await self.read_rules(private)
        for pk, revision in revisions.items():
            if room := self.rooms.get(pk):
                room.apply_messages(by_room[pk], revision)

    def _is_private(self, pk: int) -> bool:
        return pk in self.rooms and self.rooms[pk].rules.is_private
