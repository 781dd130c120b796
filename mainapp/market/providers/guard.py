"""Breakers and budget of a source, stored in Redis and shared by all processes.

Quotes, histories, lists and events each have a breaker, because a refused history does not mean
that quotes fail too. All of them share the budget, which the guard of the quotes counts.

Without Redis each process continues with its last copy, and restores it if Redis lost the record.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any

import redis

from mainapp.core.redis import client, key
from mainapp.market.providers.base import Budget, ProviderError
from mainapp.market.providers.breaker import (
    MAX_MESSAGE_LENGTH,
    Admission,
    Record,
    SourceState,
    admit_calls,
    admit_spending,
    believed,
    count_calls,
    pause_s,
    renew_period,
    source_state,
    spend_calls,
)

PROBE_GRACE_S = 1.0
REDIS_PAUSE_S = 1.0
KEEP_S = 40 * 86_400  # longer than the longest period of a budget, a month
NEW = Record()


class Guard:
    """Admits calls to a source and records their outcomes."""

    def __init__(
        self,
        name: str,
        *,
        redis_url: str,
        budget: Budget | None = None,
        timeout: float = 3.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._redis_url = redis_url
        self._budget = budget
        self._timeout = timeout
        self._now = now
        self._key = key("source", name, "record")
        self._redis = client(url=redis_url, decode_responses=True)
        self._redis_retry_at = 0.0
        self._lock = Lock()
        self._known = NEW
        self._is_local = False

    def for_kind(self, kind: str, *, part: int = 0) -> "Guard":
        """Return the guard of another kind of calls: a breaker, without a budget of its own.

        With `part` it may spend one of so many parts of the source's budget, spread evenly.
        """
        budget = self._budget if part else None
        if budget:
            budget = replace(budget, calls=max(budget.calls // part, 1))
        return Guard(
            f"{self.name}:{kind}",
            redis_url=self._redis_url,
            budget=budget,
            timeout=self._timeout,
            now=self._now,
        )

    def spend(self, calls: int = 1) -> Admission:
        """Admit and count calls of another kind, which their own breaker has already admitted."""
        now = self._now()
        admission = Admission(calls=0)

        def decide(record: Record) -> Record:
            nonlocal admission
            record = renew_period(record, self._budget, now)
            admission = admit_spending(record, self._budget, calls, now)
            if not admission.calls:
                return record
            return spend_calls(record, self._budget, admission.calls, now)

        self._change(decide)
        return admission

    def add_calls(self, calls: int) -> None:
        """Correct the count by the number of calls made minus those admitted."""
        if calls:
            self._change(lambda record: replace(record, used=max(record.used + calls, 0)))

    def admit(self, calls: int = 1, *, is_spaced: bool = True) -> Admission:
        """Admit `calls` calls, or as many as are left, and count them.

        A call for a waiting user is not spaced (`is_spaced` False): it respects the breaker and the
        budget, but not the time of the next batch.
        """
        now = self._now()
        admission = Admission(calls=0)

        def decide(record: Record) -> Record:
            nonlocal admission
            record = renew_period(record, self._budget, now)
            admission = admit_calls(record, self._budget, calls, now, is_spaced=is_spaced)
            if not admission.calls:
                return record
            probing_for_s = self._timeout + PROBE_GRACE_S
            return count_calls(
                record, self._budget, admission.calls, now, probing_for_s=probing_for_s
            )

        self._change(decide)
        return admission

    def succeed(self, *, delay_s: int | None = None) -> None:
        """Record a reply with requested data."""
        at = self._now().timestamp()
        self._change(
            lambda record: replace(
                _answered(record),
                last_success_at=at,
                delay_s=record.delay_s if delay_s is None else delay_s,
            )
        )

    def record_empty(self) -> None:
        """Record a reply without any requested data: the breaker stays closed."""
        at = self._now().timestamp()
        self._change(
            lambda record: replace(
                _answered(record),
                last_error="returned none of the requested data",
                last_fault="not_given",
                last_error_at=at,
            )
        )

    def fail(self, error: ProviderError) -> None:
        """Record a failure and open the breaker for the pause of the error."""
        at = self._now().timestamp()
        self._change(
            lambda record: replace(
                record,
                failures=record.failures + 1,
                errors=record.errors + 1,
                open_until=at + pause_s(error, record.failures + 1),
                probing_until=0.0,
                last_error=" ".join(str(error).split())[:MAX_MESSAGE_LENGTH],
                last_fault=error.fault,
                last_error_at=at,
            )
        )

    def wait_s(self) -> float:
        """Return the seconds until the next batch is allowed, 0 if it is allowed now."""
        now = self._now()
        record = renew_period(self._read(), self._budget, now)
        return admit_calls(record, self._budget, 1, now).wait_s

    def state(self) -> SourceState:
        return source_state(self.name, self._read(), self._budget, self._now())

    def _read(self) -> Record:
        return self._change(lambda record: record)

    def _change(self, change: Callable[[Record], Record]) -> Record:
        """Apply a change atomically in Redis, or to the local copy if Redis is unavailable."""
        if monotonic() >= self._redis_retry_at:
            try:
                return self._change_in_redis(change)
            except redis.RedisError:
                self._redis_retry_at = monotonic() + REDIS_PAUSE_S
        with self._lock:
            self._known = self._changed(self._known, change)
            self._is_local = True
            return self._known

    def _change_in_redis(self, change: Callable[[Record], Record]) -> Record:
        while True:
            with self._redis.pipeline() as pipeline:
                try:
                    pipeline.watch(self._key)  # type: ignore[no-untyped-call]  # redis-py's
                    before = _load(pipeline.get(self._key))
                    new = self._changed(self._merged(before), change)
                    if new != before:
                        pipeline.multi()
                        pipeline.set(self._key, json.dumps(asdict(new)), ex=KEEP_S)
                        pipeline.execute()
                except redis.WatchError:
                    continue
            with self._lock:
                self._known, self._is_local = new, False
            return new

    def _changed(self, record: Record, change: Callable[[Record], Record]) -> Record:
        now = self._now()
        new = change(believed(record, self._budget, now))
        return record if new == record else replace(new, written_at=now.timestamp())

    def _merged(self, stored: Record) -> Record:
        """Return the stored record plus the local calls that Redis lost or never received."""
        known = self._known
        if stored == NEW:
            return known
        if self._is_local and stored.period_ends_at == known.period_ends_at:
            used, next_at = max(stored.used, known.used), max(stored.next_at, known.next_at)
            return replace(stored, used=used, next_at=next_at)
        return stored


def _answered(record: Record) -> Record:
    return replace(record, failures=0, open_until=0.0, probing_until=0.0)


def _load(text: Any) -> Record:
    """Return the stored record, or a new one if it is invalid."""
    try:
        values = json.loads(text or "{}")
        fields = {name: values[name] for name in asdict(NEW) if name in values}
    except (ValueError, TypeError):
        return NEW
    are_valid = all(_has_type_of(value, getattr(NEW, name)) for name, value in fields.items())
    return Record(**fields) if are_valid else NEW


def _has_type_of(value: Any, default: Any) -> bool:
    if default is None:
        return value is None or isinstance(value, int | float)
    return isinstance(value, str if isinstance(default, str) else int | float)
