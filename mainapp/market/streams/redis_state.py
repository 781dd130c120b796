"""The symbols that live streams give, and the state of the streams, in Redis.

Both are ignored without the streamer's lease, so that polling takes over when it dies or hangs.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, NamedTuple

from mainapp.core.clocks import is_lease_held
from mainapp.core.redis import client, key
from mainapp.market.board import GIVEN_KEY, GIVEN_MS, STREAMER
from mainapp.market.streams.base import StreamState

STATES_KEY = key("stream", "states")

# KEYS: lease, given symbols, states. ARGV: the lease's holder, the time to keep all in ms, states
# as JSON, then symbol and remaining ms. Redis's clock decides. Returns 0 if the lease is lost.
_WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('DEL', KEYS[2])
for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[2], now + ARGV[i + 1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[2])
return 1
"""
# Times more than KEPT_MS ahead are ignored: they were written before Redis's clock was set back.
_READ = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {
  redis.call('PTTL', KEYS[1]),
  redis.call('ZRANGEBYSCORE', KEYS[2], now, now + ARGV[1]),
  redis.call('GET', KEYS[3]),
}
"""


class Streaming(NamedTuple):
    """The published state of the streamer; without a live one it has no symbols and no states."""

    is_running: bool
    symbols: frozenset[str]
    states: tuple[StreamState, ...]


def write_streaming(
    *, holder: str, given_ms: Mapping[str, int], states: Collection[StreamState]
) -> bool:
    """Replace the given symbols, each with the time until it counts as silent, and the states.

    Return False, and write nothing, if the lease is not the holder's. Raises: redis.RedisError.
    """
    marks = [part for mark in given_ms.items() for part in mark]
    body = json.dumps([asdict(state) for state in states], default=datetime.isoformat)
    keys = (STREAMER.key, GIVEN_KEY, STATES_KEY)
    return bool(client().eval(_WRITE, len(keys), *keys, holder, GIVEN_MS, body, *marks))


def read_streaming() -> Streaming:
    """Return the given symbols and the states. One round trip. Raises: redis.RedisError."""
    keys = (STREAMER.key, GIVEN_KEY, STATES_KEY)
    left_ms, symbols, body = client().eval(_READ, len(keys), *keys, GIVEN_MS)
    if not is_lease_held(left_ms, lease_ms=STREAMER.lease_ms):
        return Streaming(False, frozenset(), ())
    names = frozenset(symbol.decode() for symbol in symbols)
    return Streaming(True, names, tuple(_parse_states(body)))


def symbols_to_poll(symbols: Collection[str]) -> set[str]:
    """Return those of the symbols that no live stream gives. Raises: redis.RedisError."""
    return set(symbols) - read_streaming().symbols if symbols else set()


def _parse_states(body: bytes | None) -> Iterable[StreamState]:
    known = {field.name for field in fields(StreamState)}
    try:
        rows = json.loads(body or "[]")
        for row in rows:
            values = {name: value for name, value in row.items() if name in known}
            yield StreamState(**{name: _parse(name, value) for name, value in values.items()})
    except (ValueError, TypeError, AttributeError):
        return


def _parse(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name.endswith("_at") and value else value
