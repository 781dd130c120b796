"""Limits learnt from a source's refusals, stored in Redis and shared by all processes.

Each expires after RETRY_S, because the plan may have changed. Then the full size is tried again,
at the cost of a few refused calls a day. Another account (address or token) starts without limits.
Without Redis each process uses the limits that it has learnt itself.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any

import redis

from mainapp.core.redis import client, key
from mainapp.market.providers.base import RANGES, Limit

RETRY_S = 24 * 3600
CACHED_S = 1.0


@dataclass(frozen=True, slots=True)
class _Learnt:
    value: str
    words: str
    at: float  # seconds since 1970


class Limits:
    """The limits of one account at a source; thread-safe."""

    def __init__(
        self,
        source: str,
        *,
        account: str = "",
        redis_url: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        digest = hashlib.sha256(account.encode()).hexdigest()[:16]
        self._key = key("source", source, "limits", digest)
        self._redis = client(url=redis_url, decode_responses=True) if redis_url else None
        self._now = now
        self._lock = Lock()
        self._known: dict[str, _Learnt] = {}
        self._read_at = float("-inf")

    def batch_size(self, full: int) -> int:
        """Return the number of symbols to request in a call, at most `full`."""
        learnt = self._current().get("batch")
        return min(int(learnt.value), full) if learnt else full

    def longest_range(self, interval: str) -> str:
        """Return the longest range of RANGES that is allowed; the longest of all if not known."""
        learnt = self._current().get(f"range:{interval}")
        return learnt.value if learnt else RANGES[-1]

    def learn_batch_size(self, size: int, words: str) -> None:
        self._learn("batch", str(min(size, self.batch_size(size))), words)

    def learn_range(self, interval: str, range_: str, words: str) -> None:
        self._learn(f"range:{interval}", range_, words)

    def all(self) -> list[Limit]:
        return [
            Limit(
                kind=kind,
                value=learnt.value,
                words=learnt.words,
                retry_at=datetime.fromtimestamp(learnt.at, UTC) + timedelta(seconds=RETRY_S),
            )
            for kind, learnt in sorted(self._current().items())
        ]

    def _learn(self, kind: str, value: str, words: str) -> None:
        learnt = _Learnt(value, words, self._now().timestamp())
        with self._lock:
            self._known[kind] = learnt
        if self._redis is None:
            return
        try:
            self._redis.hset(self._key, kind, json.dumps(asdict(learnt)))
            self._redis.expire(self._key, RETRY_S)
        except redis.RedisError:
            pass  # this process continues with its own copy

    def _current(self) -> dict[str, _Learnt]:
        """Return the limits that have not expired. At most one read of Redis a second."""
        if self._redis is not None and monotonic() >= self._read_at + CACHED_S:
            self._read_at = monotonic()
            try:
                stored: Any = self._redis.hgetall(self._key)
            except redis.RedisError:
                stored = {}
            read = {kind: learnt for kind, text in stored.items() if (learnt := _load(kind, text))}
            with self._lock:
                self._known |= read
        now = self._now().timestamp()
        with self._lock:
            # One from the future was learnt while a clock ran ahead.
            self._known = {k: v for k, v in self._known.items() if now - RETRY_S < v.at <= now + 60}
            return dict(self._known)


def _load(kind: str, text: str) -> _Learnt | None:
    """Return a stored limit, or None if it is invalid."""
    try:
        learnt = _Learnt(**json.loads(text))
        is_valid = learnt.value in RANGES if kind != "batch" else int(learnt.value) > 0
        return learnt if is_valid and isinstance(learnt.at, int | float) else None
    except (ValueError, TypeError):
        return None
