"""Counters of the whole instance: totals in Redis, to which each process adds its counts.

Totals do not fall when a process ends; a killed process loses a few seconds. With a series per
process, every sum would fall when a process ends, and each restart would add series.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mainapp.core.redis import client, key

TOTALS = key("totals")
# Longer than any outage after which a process may retry its last addition.
NUMBER_S = 24 * 3600

Series = tuple[str, ...]  # the name of a counter and its labels

# KEYS: totals, the number of this process's last addition. ARGV: the new number, NUMBER_S, then
# names and amounts. An addition whose reply was lost is sent again and then changes nothing.
_ADD = """
if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[1]) then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return 1
"""


def add(*, process: str, number: int, amounts: Mapping[Series, float]) -> None:
    """Add the amounts once, however often it is called with this number. Raises: redis.RedisError.

    A process must use increasing numbers.
    """
    parts = [part for series, amount in amounts.items() for part in (_field(series), repr(amount))]
    keys = (TOTALS, key("totals", process))
    client().eval(_ADD, len(keys), *keys, str(number), str(NUMBER_S), *parts)


def read_totals() -> dict[Series, float]:
    """Return all counters. One round trip. Raises: redis.RedisError."""
    rows: Any = client().hgetall(TOTALS)
    return {tuple(json.loads(name)): float(value) for name, value in rows.items()}


def _field(series: Sequence[str]) -> str:
    return json.dumps(series)
