"""Reads the rules of the open rooms, and closes the sockets of those who may not read them now."""

import asyncio
from collections.abc import Callable, Collection

from mainapp.core.realtime import query
from mainapp.forum.fanout.archive import Archive, RoomState
from mainapp.forum.fanout.directory import RoomDirectory
from mainapp.forum.fanout.room import OpenRoom
from mainapp.forum.policies import PRIVATE


class RulesReader:
    """Keeps the rules of `rooms`; `poll_now` makes the hub read them at once."""

    def __init__(
        self,
        rooms: dict[int, OpenRoom],
        archive: Archive,
        directory: RoomDirectory,
        poll_now: asyncio.Event,
        *,
        applied: Callable[[], None],
    ) -> None:
        self._rooms = rooms
        self._archive = archive
        self._directory = directory
        self._poll_now = poll_now
        self._applied = applied

    async def admits(self, room: OpenRoom, user_id: int | None) -> bool:
        """Return whether a user may read a room now; one query for a private one.

        The rules in memory may be outdated: the user may have been added or removed since.
        """
        if room.rules.is_private:
            await self.read([room.pk])
        return room.may_read(user_id)

    def note(self, room: OpenRoom, rules_revision: int) -> None:
        """Suspend a private room, whose rules are older than this, until they are read."""
        if rules_revision > room.rules_revision:
            room.latest_rules, room.hints = max(room.latest_rules, rules_revision), room.hints + 1
            self._poll_now.set()

    async def read(self, rooms: Collection[int]) -> dict[int, RoomState]:
        """Read the rules of open rooms where they have changed; return the existing rooms.

        One query, and two more for changed rules. Sockets of users who no longer take part in a
        private room are closed.
        """
        hints = {pk: self._rooms[pk].hints for pk in rooms if pk in self._rooms}
        states = await query(self._archive.room_states, rooms)
        changed = [pk for pk in states if self._is_behind(pk, states[pk])]
        muted = await query(self._archive.muted, changed) if changed else {}
        private = [pk for pk in changed if states[pk].kind in PRIVATE]
        members = await query(self._archive.members, private) if private else {}
        for pk in changed:
            if self._is_behind(pk, states[pk]):
                room = self._rooms[pk]
                outsiders = room.apply_rules(states[pk], muted[pk], members.get(pk, {}))
                self._directory.close_sockets(outsiders)
                self._applied()
        for pk, state in states.items():
            # A hint that arrived during the queries may be about a change that they missed.
            if (opened := self._rooms.get(pk)) and opened.hints == hints.get(pk):
                opened.latest_rules = state.rules_revision
        return states

    async def read_private(self, rooms: Collection[int]) -> None:
        """Read the rules of those rooms that are private; one query if there are any."""
        if private := [
            pk for pk in rooms if pk in self._rooms and self._rooms[pk].rules.is_private
        ]:
            await self.read(private)

    def _is_behind(self, pk: int, state: RoomState) -> bool:
        room = self._rooms.get(pk)
        return room is not None and room.lacks_rules(state)
