"""The users with an open socket of any kind, in this process and, by leases, in others."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from mainapp.core.realtime.leases import leased_users
from mainapp.core.realtime.presence import PresenceSync
from mainapp.core.redis import async_client, client, key

SITE = "site"
LINGER_S = 3.0  # a user who opens another page stays online
GATHER_S = 0.2
SEEN_KEY = key(SITE, "seen")  # a sorted set of users by the time when they were last online
SEEN_S = 30 * 86_400.0


class OnlineUsers:
    """The users with a socket in any process; `listeners` are called after a change.

    There is one lease per user and process, however many sockets the user has.
    """

    place = SITE

    def __init__(self) -> None:
        self.elsewhere: frozenset[int] = frozenset()
        self.presence_known = asyncio.Event()
        self.users: frozenset[int] = frozenset()
        self.listeners: list[Callable[[], None]] = []
        self._here: Counter[int] = Counter()
        self._redis = async_client()
        self._sync = PresenceSync(
            uuid4().hex,
            self._redis,
            places=lambda: (self,),
            updated=self._update,
            gather_s=GATHER_S,
        )
        self.run = self._sync.run

    @property
    def here(self) -> Collection[int]:
        return self._here.keys()

    def join(self, user_id: int) -> None:
        """Count a socket of a user."""
        self._here[user_id] += 1
        if self._here[user_id] == 1:
            self._sync.wake_up()

    def leave_later(self, user_id: int) -> None:
        """Count a socket as gone after LINGER_S, within which the user may open another one."""
        asyncio.get_running_loop().call_later(LINGER_S, self._leave, user_id)

    async def close(self) -> None:
        """Close the connection. Leases stay, because the users reconnect to another process."""
        await self._redis.aclose()

    def _leave(self, user_id: int) -> None:
        self._here[user_id] -= 1
        if self._here[user_id] <= 0:
            del self._here[user_id]
            self._sync.wake_up()

    async def _update(self, _places: Any) -> None:
        users = self.elsewhere | self._here.keys()
        left, self.users = self.users - users, users
        for listener in self.listeners:
            listener()
        if left:
            now = time.time()
            await self._redis.zadd(SEEN_KEY, dict.fromkeys(map(str, left), now), gt=True)
            await self._redis.zremrangebyscore(SEEN_KEY, "-inf", now - SEEN_S)


def online_users() -> frozenset[int]:
    """Return the users who are online in any process. Raises: redis.RedisError."""
    return leased_users(SITE)


def last_seen(users: Collection[int]) -> Mapping[int, datetime]:
    """Return when users were last online, without unknown ones. Raises: redis.RedisError."""
    if not users:
        return {}
    scores: Any = client().zmscore(SEEN_KEY, [str(user) for user in users])
    return {
        user: datetime.fromtimestamp(score, UTC)
        for user, score in zip(users, scores, strict=True)
        if score is not None
    }


def forget_last_seen(user_id: int) -> None:
    """Forget when a user was last online. Raises: redis.RedisError."""
    client().zrem(SEEN_KEY, user_id)
