"""Who is in this process's rooms, here and elsewhere, kept in step with the leases in Redis."""

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
SOON_S = 0.02
LINGER_S = 1.0  # who reloads a page does not leave
SILENCE_S = 3.0
HOLD_S = 4.0  # the other processes renew within it
MAX_KNOWN = 10_000


class Attendance:
    """Renews this process's leases and tells the rooms who came and left.

    After a silence of Redis, or when it comes back empty, nobody leaves for HOLD_S: the others
    have had no time to renew.
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
        self._known: dict[int, Person] = {}
        self._stirred = asyncio.Event()
        self._epoch = ""
        self._synced_at, self._held_until = -inf, -inf

    def stir(self) -> None:
        """Sync soon: somebody came or left."""
        self._stirred.set()

    def depart(self, room: OpenRoom, user_id: int) -> None:
        """Let a user go who closed a socket and had time to come back."""
        asyncio.get_running_loop().call_later(LINGER_S, self._depart, room, user_id)

    def forget(self, room: OpenRoom) -> None:
        """Drop a room that nobody is in."""
        if room.attended.is_set() and not room.sockets and not room.here:
            del self._rooms[room.pk]
            self.stir()

    async def keep(self) -> None:
        """Sync for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self._stirred.wait()
                await asyncio.sleep(SOON_S)
            self._stirred.clear()
            rooms = list(self._rooms.values())
            try:
                await self._sync(rooms)
            except (redis.RedisError, OSError):
                self._synced_at = -inf
                await asyncio.sleep(RETRY_S)
                self._stirred.set()
            for room in rooms:
                room.attended.set()

    async def _sync(self, rooms: Collection[OpenRoom]) -> None:
        epoch, elsewhere = await self._lease.sync({room.pk: room.here for room in rooms})
        now = asyncio.get_running_loop().time()
        if epoch != self._epoch or now - self._synced_at > SILENCE_S:
            self._held_until = now + HOLD_S
        self._epoch, self._synced_at = epoch, now
        held = now < self._held_until
        for room in rooms:
            told = elsewhere[room.pk]
            room.elsewhere = room.elsewhere | told if held else told
        await self._learn({pk for room in rooms for pk in room.elsewhere - room.present.keys()})
        for room in rooms:
            room.attend(self._known)

    async def _learn(self, ids: Collection[int]) -> None:
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        if unknown := [pk for pk in ids if pk not in self._known]:
            self._known |= await self._read_people(unknown)

    def _depart(self, room: OpenRoom, user_id: int) -> None:
        room.depart(user_id)
        self.stir()
