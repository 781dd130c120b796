"""Synchronisation of the users present in places, such as rooms, with the leases in Redis."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from math import inf
from typing import Generic, Protocol, TypeVar

import redis
from redis import asyncio as aioredis

from mainapp.core.realtime.leases import PresenceLease

RENEW_S = 2.0
RETRY_S = 0.5
GATHER_S = 0.02
SILENCE_S = 3.0
HOLD_S = 4.0  # the other processes renew their leases within this time


class Place(Protocol):
    """A room, or the site; `presence_known` is set after the first sync."""

    elsewhere: frozenset[int]
    presence_known: asyncio.Event

    @property
    def place(self) -> str: ...

    @property
    def here(self) -> Collection[int]: ...


P = TypeVar("P", bound=Place)


class PresenceSync(Generic[P]):
    """Renews this process's leases, and updates `elsewhere` when users join or leave.

    `places` returns the current places, and `updated` is called with them after each sync. After
    Redis was unreachable or lost its data, no user leaves for HOLD_S, so that the other processes
    can renew their leases first.
    """

    def __init__(
        self,
        name: str,
        client: "aioredis.Redis",
        *,
        places: Callable[[], Collection[P]],
        updated: Callable[[Collection[P]], Awaitable[None]],
        gather_s: float = GATHER_S,
    ) -> None:
        self._lease = PresenceLease(name, client=client)
        self._places = places
        self._updated = updated
        self._gather_s = gather_s
        self._changed = asyncio.Event()
        self._epoch = ""
        self._synced_at, self._held_until = -inf, -inf

    def wake_up(self) -> None:
        """Sync soon, because a user joined or left."""
        self._changed.set()

    async def run(self) -> None:
        """Sync every RENEW_S, and soon after a change."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self._changed.wait()
                await asyncio.sleep(self._gather_s)
            self._changed.clear()
            places = list(self._places())
            try:
                await self._sync(places)
            except (redis.RedisError, OSError):
                self._synced_at = -inf
                await asyncio.sleep(RETRY_S)
                self._changed.set()
            for place in places:
                place.presence_known.set()

    async def _sync(self, places: Collection[P]) -> None:
        here = {place.place: tuple(place.here) for place in places}
        epoch, elsewhere = await self._lease.sync(here)
        now = asyncio.get_running_loop().time()
        if epoch != self._epoch or now - self._synced_at > SILENCE_S:
            self._held_until = now + HOLD_S
        self._epoch, self._synced_at = epoch, now
        is_held = now < self._held_until
        for place in places:
            leased = elsewhere[place.place]
            place.elsewhere = place.elsewhere | leased if is_held else leased
        await self._updated(places)
