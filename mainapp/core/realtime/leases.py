"""Leases in Redis of the users present in each place; those of a dead process expire.

A place is a room, or the whole site. All leases of a process are renewed by one script.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from uuid import uuid4

from redis import asyncio as aioredis

from mainapp.core.redis import client, key
from mainapp.core.signatures import SIZE, sign, verified

LEASE_S = 9.0
EPOCH_KEY = key("presence")

# KEYS: the epoch, then a sorted set per place of `user:process:signature` by the time of its last
# renewal. ARGV: process, lease in seconds, a name for a new epoch, then per place the members of
# its users here. Returns the epoch (a new one after Redis was restarted or emptied), then per place
# the members of other processes. Redis's own clock decides on all leases. A time that is more than
# a lease ahead was set before that clock was set back.
_SYNC = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local epoch = redis.call('GET', KEYS[1])
if not epoch or string.sub(epoch, 1, #run) ~= run then
  epoch = run .. ':' .. ARGV[3]
  redis.call('SET', KEYS[1], epoch)
end
local result = {epoch}
for i = 2, #KEYS do
  local own = {}
  for member in string.gmatch(ARGV[i + 2], '[^,]+') do
    own[member] = true
    redis.call('ZADD', KEYS[i], now, member)
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - ARGV[2])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '(' .. now + ARGV[2], '+inf')
  local others = {}
  for _, member in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do
    if string.match(member, ':([^:]*):') ~= ARGV[1] then others[#others + 1] = member
    elseif not own[member] then redis.call('ZREM', KEYS[i], member) end
  end
  redis.call('EXPIRE', KEYS[i], 60)
  result[i] = others
end
return result
"""


class PresenceLease:
    """One process's leases. Each call sends the whole state, so a failed one needs no repair."""

    def __init__(self, name: str, *, client: "aioredis.Redis") -> None:
        self._name = name
        self._sync: Any = client.register_script(_SYNC)
        self._leased: set[str] = set()

    async def sync(
        self, here: Mapping[str, Collection[int]]
    ) -> tuple[str, dict[str, frozenset[int]]]:
        """Renew the users `here` of each place; return the epoch and each place's users elsewhere.

        One round trip for any number of places. Raises: redis.RedisError.
        """
        places = sorted(self._leased.union(here))
        self._leased.update(here)
        keys = [EPOCH_KEY, *(key(place, "present") for place in places)]
        users = [
            ",".join(_member(place, user, self._name) for user in here.get(place, ()))
            for place in places
        ]
        epoch, *others = await self._sync(
            keys=keys, args=[self._name, LEASE_S, uuid4().hex, *users]
        )
        self._leased = set(here)
        elsewhere = {
            place: frozenset(user for member in members if (user := _user(place, member)))
            for place, members in zip(places, others, strict=True)
        }
        return epoch.decode(), elsewhere


def leased_users(place: str) -> frozenset[int]:
    """Return the users with a lease of a place, in any process. Raises: redis.RedisError.

    Two round trips.
    """
    redis = client()
    seconds, microseconds = redis.time()
    now = seconds + microseconds / 1_000_000
    name = key(place, "present")
    members: Any = redis.zrangebyscore(name, now - LEASE_S, now + LEASE_S)
    return frozenset(user for member in members if (user := _user(place, member)))


@lru_cache(maxsize=10_000)
def _member(place: str, user: int, process: str) -> str:
    lease = f"{user}:{process}"
    return f"{lease}:{sign(lease.encode(), purpose=_purpose(place))[:SIZE].hex()}"


@lru_cache(maxsize=10_000)
def _user(place: str, member: bytes) -> int | None:
    """Return the user of a lease; None if it is forged."""
    lease, _, signature = member.rpartition(b":")
    try:
        signed = bytes.fromhex(signature.decode("latin-1")) + lease
        return int(verified(signed, purpose=_purpose(place)).partition(b":")[0])
    except ValueError:
        return None


def _purpose(place: str) -> str:
    return f"presence {place}"
