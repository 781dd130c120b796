"""The present users of each open room, who linger for a moment after their last socket."""

import asyncio
from collections.abc import Collection

from redis import asyncio as aioredis

from mainapp.accounts.events import PresenceChanged
from mainapp.core.realtime import query
from mainapp.core.realtime.presence import PresenceSync
from mainapp.forum.events import Person
from mainapp.forum.fanout.archive import Archive
from mainapp.forum.fanout.room import OpenRoom

LINGER_S = 1.0  # a user who reloads a page stays present
MAX_CACHED_PEOPLE = 10_000


class RoomPresence:
    """Updates the rooms when users join or leave, in any process."""

    def __init__(
        self,
        name: str,
        rooms: dict[int, OpenRoom],
        client: "aioredis.Redis",
        archive: Archive,
    ) -> None:
        self._rooms = rooms
        self._archive = archive
        self._people: dict[int, Person] = {}
        self.sync = PresenceSync(name, client, places=rooms.values, updated=self._update)
        self.run, self.wake_up = self.sync.run, self.sync.wake_up

    def remove_later(self, room: OpenRoom, user_id: int) -> None:
        """Remove a user who closed a socket after LINGER_S, within which they may reconnect."""
        asyncio.get_running_loop().call_later(LINGER_S, self._remove, room, user_id)

    def discard(self, room: OpenRoom) -> None:
        """Close a room without users."""
        if room.presence_known.is_set() and not room.sockets and not room.here:
            del self._rooms[room.pk]
            self.wake_up()

    async def receive(self, message: PresenceChanged) -> None:
        """Read whether these users, if they have sockets here, hide their presence now."""
        users = set(message["users"])
        sockets = [(r, s) for r in self._rooms.values() for s in r.sockets if s.user_id in users]
        if not sockets:
            return
        hidden = await query(self._archive.hidden_users, users)
        for room, socket in sockets:
            socket.hides_presence = socket.user_id in hidden
            if socket not in room.sockets:
                continue
            room.count(socket)
            if socket.is_counted and socket.hides_presence and socket.user_id:
                socket.is_counted = False
                room.remove_user(socket.user_id)
        self.wake_up()

    async def _update(self, rooms: Collection[OpenRoom]) -> None:
        await self._load_people(
            {pk for room in rooms for pk in room.elsewhere - room.present.keys()}
        )
        for room in rooms:
            room.update_presence(self._people)

    async def _load_people(self, ids: Collection[int]) -> None:
        if len(self._people) > MAX_CACHED_PEOPLE:
            self._people.clear()
        if unknown := [pk for pk in ids if pk not in self._people]:
            self._people |= await query(self._archive.people, unknown)

    def _remove(self, room: OpenRoom, user_id: int) -> None:
        room.remove_user(user_id)
        self.wake_up()
