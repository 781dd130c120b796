"""One source's breaker and budget, kept in Redis so that all processes share them.

Without Redis each process goes on with what it last knew; a Redis that lost it is told again.
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
    admitted,
    counted,
    in_period,
    pause_s,
    source_state,
)

PROBE_GRACE_S = 1.0
REDIS_PAUSE_S = 1.0
KEEP_S = 40 * 86_400
NEW = Record()


class Guard:
    """Decides when a source may be asked, and remembers how it went."""

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
        self._budget = budget
        self._timeout = timeout
        self._now = now
        self._key = key("source", name, "record")
        self._redis = client(url=redis_url, decode_responses=True)
        self._redis_rests_until = 0.0
        self._lock = Lock()
        self._known = NEW
        self._is_alone = False

    def admit(self, calls: int = 1, *, is_spaced: bool = True) -> Admission:
        """Ask for leave to make `calls` calls, or as many as are left; they count from now on.

        What a person waits for is not spaced: it keeps to the breaker and the budget, but does
        not rest until the next batch's time.
        """
        now = self._now()
        admission = Admission(calls=0)

        def decide(record: Record) -> Record:
            nonlocal admission
            record = in_period(record, self._budget, now)
            admission = admitted(record, self._budget, calls, now, is_spaced=is_spaced)
            if not admission.calls:
                return record
            probing_for_s = self._timeout + PROBE_GRACE_S
            return counted(record, self._budget, admission.calls, now, probing_for_s=probing_for_s)

        self._change(decide)
        return admission

    def succeed(self, *, delay_s: int | None = None, extra_calls: int = 0) -> None:
        """Note an answer; `extra_calls` were made beyond those admitted, or fewer if negative."""
        at = self._now().timestamp()
        self._change(
            lambda record: replace(
                _answered(record, extra_calls),
                last_success_at=at,
                delay_s=record.delay_s if delay_s is None else delay_s,
            )
        )

    def lack(self, *, extra_calls: int = 0) -> None:
        """Note an answer without anything that was asked for: the breaker stays closed."""
        at = self._now().timestamp()
        self._change(
            lambda record: replace(
                _answered(record, extra_calls),
                last_error="gave nothing of what was asked for",
                last_fault="not_given",
                last_error_at=at,
            )
        )

    def fail(self, error: ProviderError, *, extra_calls: int = 0) -> None:
        """Note a failure: the breaker opens for as long as the error deserves."""
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
                used=max(record.used + extra_calls, 0),
            )
        )

    def rests_for(self) -> float:
        """Return the seconds until a batch may be asked for, 0 when it may be now."""
        now = self._now()
        record = in_period(self._read(), self._budget, now)
        return admitted(record, self._budget, 1, now).wait_s

    def state(self) -> SourceState:
        return source_state(self.name, self._read(), self._budget, self._now())

    def _read(self) -> Record:
        return self._change(lambda record: record)

    def _change(self, change: Callable[[Record], Record]) -> Record:
        """Apply a change in Redis, all or nothing and one at a time, or here without it."""
        if monotonic() >= self._redis_rests_until:
            try:
                return self._change_in_redis(change)
            except redis.RedisError:
                self._redis_rests_until = monotonic() + REDIS_PAUSE_S
        with self._lock:
            self._known = change(self._known)
            self._is_alone = True
            return self._known

    def _change_in_redis(self, change: Callable[[Record], Record]) -> Record:
        while True:
            with self._redis.pipeline() as pipeline:
                try:
                    pipeline.watch(self._key)  # type: ignore[no-untyped-call]  # redis-py's
                    before = _load(pipeline.get(self._key))
                    new = change(self._merged(before))
                    if new != before:
                        pipeline.multi()
                        pipeline.set(self._key, json.dumps(asdict(new)), ex=KEEP_S)
                        pipeline.execute()
                except redis.WatchError:
                    continue
            with self._lock:
                self._known, self._is_alone = new, False
            return new

    def _merged(self, stored: Record) -> Record:
        """Return what Redis says; what it lost, and calls that it was not told of, are ours."""
        known = self._known
        if stored == NEW:
            return known
        if self._is_alone and stored.period_ends_at == known.period_ends_at:
            used, next_at = max(stored.used, known.used), max(stored.next_at, known.next_at)
            return replace(stored, used=used, next_at=next_at)
        return stored


def _answered(record: Record, extra_calls: int) -> Record:
    used = max(record.used + extra_calls, 0)
    return replace(record, failures=0, open_until=0.0, probing_until=0.0, used=used)


def _load(text: Any) -> Record:
    """Return the record that was stored; what is none is a new beginning."""
    try:
        values = json.loads(text or "{}")
        kept = {name: values[name] for name in asdict(NEW) if name in values}
    except (ValueError, TypeError):
        return NEW
    are_sound = all(_is_like(value, getattr(NEW, name)) for name, value in kept.items())
    return Record(**kept) if are_sound else NEW


def _is_like(value: Any, default: Any) -> bool:
    if default is None:
        return value is None or isinstance(value, int | float)
    return isinstance(value, str if isinstance(default, str) else int | float)
