"""Keeps each open room's list of present users in step with the leases in Redis."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from math import inf

import redis
from redis import asyncio as aioredis

from mainapp.forum.events import Person
from mainapp.forum.fanout.presence import PresenceLease
from mainapp.forum.fanout.room import OpenRoom

RENEW_S = 2.0
RETRY_S = 0.5
GATHER_S = 0.02
LINGER_S = 1.0  # a user who reloads a page stays present
SILENCE_S = 3.0
HOLD_S = 4.0  # the other processes renew their leases within this time
MAX_CACHED_PEOPLE = 10_000


class PresenceSync:
    """Renews this process's leases, and updates the rooms when users join or leave.

    After Redis was unreachable or lost its data, no user leaves for HOLD_S, so that the other
    processes can renew their leases first.
    """

    def __init__(
        self,
        name: str,
        rooms: dict[int, OpenRoom],
        client: "aioredis.Redis",
        read_people: Callable[[Collection[int]], Awaitable[dict[int, Person]]],
    ) -> None:
        self._lease = PresenceLease(name, client=client)
        self._rooms = rooms
        self._read_people = read_people
        self._people: dict[int, Person] = {}
        self._changed = asyncio.Event()
        self._epoch = ""
        self._synced_at, self._held_until = -inf, -inf

    def wake_up(self) -> None:
        """Sync soon, because a user joined or left."""
        self._changed.set()

    def remove_later(self, room: OpenRoom, user_id: int) -> None:
        """Remove a user who closed a socket after LINGER_S, within which they may reconnect."""
        asyncio.get_running_loop().call_later(LINGER_S, self._remove, room, user_id)

    def discard(self, room: OpenRoom) -> None:
        """Close a room without users."""
        if room.presence_known.is_set() and not room.sockets and not room.here:
            del self._rooms[room.pk]
            self.wake_up()

    async def run(self) -> None:
        """Sync every RENEW_S, and soon after a change."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self._changed.wait()
                await asyncio.sleep(GATHER_S)
            self._changed.clear()
            rooms = list(self._rooms.values())
            try:
                await self._sync(rooms)
            except (redis.RedisError, OSError):
                self._synced_at = -inf
                await asyncio.sleep(RETRY_S)
                self._changed.set()
            for room in rooms:
                room.presence_known.set()

    async def _sync(self, rooms: Collection[OpenRoom]) -> None:
        epoch, elsewhere = await self._lease.sync({room.pk: room.here for room in rooms})
        now = asyncio.get_running_loop().time()
        if epoch != self._epoch or now - self._synced_at > SILENCE_S:
            self._held_until = now + HOLD_S
        self._epoch, self._synced_at = epoch, now
        is_held = now < self._held_until
        for room in rooms:
            leased = elsewhere[room.pk]
            room.elsewhere = room.elsewhere | leased if is_held else leased
        await self._load_people(
            {pk for room in rooms for pk in room.elsewhere - room.present.keys()}
        )
        for room in rooms:
            room.update_presence(self._people)

    async def _load_people(self, ids: Collection[int]) -> None:
        if len(self._people) > MAX_CACHED_PEOPLE:
            self._people.clear()
        if unknown := [pk for pk in ids if pk not in self._people]:
            self._people |= await self._read_people(unknown)

    def _remove(self, room: OpenRoom, user_id: int) -> None:
        room.remove_user(user_id)
        self.wake_up()
