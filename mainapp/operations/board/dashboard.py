"""The dashboard's snapshot in Redis, and the turns in which processes refresh it.

There is no fixed reader. At each tick, the first process that takes the turn reads for all others,
so a killed reader needs no successor. Redis's clock ends the turn.
"""

from typing import Any

import orjson

from mainapp.core.redis import client, key
from mainapp.core.signatures import Forged, sign, verified

SNAPSHOT_KEY = key("dashboard")
KEPT_S = 15  # so that it expires without viewers
PURPOSE = "dashboard"

# Returns 1 if the turn was free. A key that lives longer than a turn is left from before a clock
# was set back.
_TAKE = """
local left = redis.call('PTTL', KEYS[1])
if left > 0 and left <= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
return 1
"""

Snapshot = dict[str, Any]


def take_turn(name: str, turn_ms: int) -> bool:
    """Return whether this process may do the work `name` on behalf of all. Raises: RedisError."""
    return bool(client().eval(_TAKE, 1, key("dashboard", "turn", name), turn_ms))


def load_snapshot() -> Snapshot:
    """Return the stored snapshot; empty if there is none. Raises: redis.RedisError."""
    data: Any = client().get(SNAPSHOT_KEY)
    if data is None:
        return {}
    try:
        snapshot: Snapshot = orjson.loads(verified(data, purpose=PURPOSE))
    except (Forged, orjson.JSONDecodeError):
        return {}
    return snapshot


def store_snapshot(snapshot: Snapshot) -> None:
    """Store a snapshot, which expires after KEPT_S. Raises: redis.RedisError."""
    client().set(SNAPSHOT_KEY, sign(orjson.dumps(snapshot), purpose=PURPOSE), ex=KEPT_S)
