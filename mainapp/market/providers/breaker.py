"""Circuit breaker and budget of a source, as pure functions."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from mainapp.core.clocks import is_ahead
from mainapp.market.providers.base import Budget, Fault, ProviderError

State = Literal["unused", "ok", "lacking", "resting", "open", "half_open"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
RATE_LIMITED_PAUSE_S = 60.0
PERMANENT_PAUSE_S = 60.0
MAX_MESSAGE_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The stored state of a source. Times are seconds since 1970, None for never.

    `failures` counts consecutive failures, `errors` all of them. `probing_until` is the lease of
    the only caller that may probe a failed source. `used` counts the calls in the budget's current
    period, which ends at `period_ends_at`. `written_at` is the time of the last change.
    """

    failures: int = 0
    errors: int = 0
    open_until: float = 0.0
    probing_until: float = 0.0
    last_success_at: float | None = None
    last_error: str = ""
    last_fault: Fault | Literal[""] = ""
    last_error_at: float | None = None
    delay_s: int | None = None
    period_ends_at: float = 0.0
    used: int = 0
    last_calls: int = 1
    next_at: float = 0.0
    written_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The number of calls admitted now; for 0, the wait in seconds and the reason.

    A probe is the only admitted caller after an open breaker, until it returns. `is_faulty`
    distinguishes a failed source from an exhausted or spread budget.
    """

    calls: int
    is_probe: bool = False
    is_faulty: bool = False
    wait_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The state of a source as shown on its page. Fields that do not apply are None."""

    name: str
    state: State
    last_success_at: datetime | None
    errors: int
    last_error: str
    last_fault: Fault | Literal[""]
    last_error_at: datetime | None
    calls_used: int | None
    calls_left: int | None
    period_ends_at: datetime | None
    interval_s: float | None
    wait_s: float
    delay_s: int | None


def admit_calls(
    record: Record, budget: Budget | None, calls: int, now: datetime, *, is_spaced: bool = True
) -> Admission:
    """Return the admission for `calls` calls."""
    at = now.timestamp()
    if record.open_until > at:
        return _faulty(record.open_until - at, f"waits after a failure: {record.last_error}")
    if record.failures and record.probing_until > at:
        return _faulty(record.probing_until - at, f"is being retried after: {record.last_error}")
    left = _left(record, budget)
    if left == 0:
        wait_s = record.period_ends_at - at
        return Admission(calls=0, wait_s=wait_s, reason="has no calls left")
    if is_spaced and record.next_at > at:
        wait_s = record.next_at - at
        return Admission(calls=0, wait_s=wait_s, reason="pauses to spread its budget")
    return Admission(
        calls=calls if left is None else min(calls, left), is_probe=record.failures > 0
    )


def count_calls(
    record: Record, budget: Budget | None, calls: int, now: datetime, *, probing_for_s: float
) -> Record:
    """Return the record with these calls counted, and with the time of the next batch."""
    at = now.timestamp()
    if record.failures:
        record = replace(record, probing_until=at + probing_for_s)
    left = _left(record, budget)
    if not left:
        return record
    return replace(
        record,
        used=record.used + calls,
        last_calls=calls,
        next_at=max(record.next_at, at) + calls * (record.period_ends_at - at) / left,
    )


def admit_spending(record: Record, budget: Budget | None, calls: int, now: datetime) -> Admission:
    """Return the admission for calls of another kind, which have their own breaker.

    They share the budget, and also wait for the end of a rate limit.
    """
    at = now.timestamp()
    if record.open_until > at and record.last_fault == "rate_limited":
        return _faulty(record.open_until - at, f"waits after a failure: {record.last_error}")
    left = _left(record, budget)
    if left == 0:
        return Admission(calls=0, wait_s=record.period_ends_at - at, reason="has no calls left")
    return Admission(calls=calls if left is None else min(calls, left))


def spend_calls(record: Record, budget: Budget | None, calls: int, now: datetime) -> Record:
    """Return the record with these calls counted; the next batch is later accordingly."""
    spent = count_calls(replace(record, failures=0), budget, calls, now, probing_for_s=0)
    return replace(spent, failures=record.failures, last_calls=record.last_calls)


def believed(record: Record, budget: Budget | None, now: datetime) -> Record:
    """Return the record; if it is from the future, without its waits and with the right period.

    Such a record was written while a clock ran ahead. Its calls stay counted, so that the budget is
    never exceeded.
    """
    if not is_ahead(_moment(record.written_at), at=now):
        return record
    at = now.timestamp()
    period_ends_at = _period_end(budget, now).timestamp() if budget else record.period_ends_at
    return replace(
        record,
        open_until=0.0,
        probing_until=0.0,
        next_at=0.0,
        period_ends_at=min(record.period_ends_at, period_ends_at),
        last_success_at=_not_after(record.last_success_at, at),
        last_error_at=_not_after(record.last_error_at, at),
        written_at=at,
    )


def renew_period(record: Record, budget: Budget | None, now: datetime) -> Record:
    """Return the record, with its count reset if a new period of the budget has begun."""
    if budget is None or now.timestamp() < record.period_ends_at:
        return record
    ends_at = _period_end(budget, now).timestamp()
    return replace(record, period_ends_at=ends_at, used=0, next_at=0.0)


def pause_s(error: ProviderError, failures: int) -> float:
    """Return the seconds for which the breaker stays open after consecutive failures.

    Transport faults are retried within two seconds, so that a repaired source is soon back in use.
    A Retry-After of 0 does not shorten that pause.
    """
    backoff = min(FIRST_PAUSE_S * float(2 ** min(failures - 1, 10)), LONGEST_PAUSE_S)
    if error.retry_after is not None:
        return max(error.retry_after, backoff)
    if error.fault == "rate_limited":
        return RATE_LIMITED_PAUSE_S
    if error.permanent:
        return PERMANENT_PAUSE_S
    return backoff


def source_state(name: str, record: Record, budget: Budget | None, now: datetime) -> SourceState:
    """Return the state of a source from its record."""
    record = renew_period(record, budget, now)
    left = _left(record, budget)
    return SourceState(
        name=name,
        state=state_of(record, budget, now),
        last_success_at=_moment(record.last_success_at),
        errors=record.errors,
        last_error=record.last_error,
        last_fault=record.last_fault,
        last_error_at=_moment(record.last_error_at),
        calls_used=None if left is None else record.used,
        calls_left=left,
        period_ends_at=None if left is None else _moment(record.period_ends_at),
        interval_s=_interval_s(record, left, now),
        wait_s=admit_calls(record, budget, 1, now).wait_s,
        delay_s=record.delay_s,
    )


def state_of(record: Record, budget: Budget | None, now: datetime) -> State:
    if record.open_until > now.timestamp():
        return "open"
    if record.failures:
        return "half_open"
    if _left(record, budget) != 0 and _is_lacking(record):
        return "lacking"
    if not admit_calls(record, budget, 1, now).calls:
        return "resting"
    return "unused" if record.last_success_at is None else "ok"


def _is_lacking(record: Record) -> bool:
    """Return whether the last reply arrived, but without any requested data."""
    return record.last_fault == "not_given" and (record.last_error_at or 0.0) > (
        record.last_success_at or 0.0
    )


def _interval_s(record: Record, left: int | None, now: datetime) -> float | None:
    """Return the pause between batches, each like the last one, that spreads the budget evenly."""
    if left is None:
        return None
    remaining_s = record.period_ends_at - now.timestamp()
    return min(remaining_s * record.last_calls / max(left, 1), remaining_s)


def _left(record: Record, budget: Budget | None) -> int | None:
    return None if budget is None else max(budget.calls - record.used, 0)


def _faulty(wait_s: float, reason: str) -> Admission:
    return Admission(calls=0, is_faulty=True, wait_s=wait_s, reason=reason)


def _period_end(budget: Budget, now: datetime) -> datetime:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if budget.period == "hour":
        return hour + timedelta(hours=1)
    if budget.period == "day":
        return hour.replace(hour=0) + timedelta(days=1)
    first = hour.replace(day=1, hour=0)
    return first + timedelta(days=monthrange(first.year, first.month)[1])


def _not_after(moment: float | None, at: float) -> float | None:
    return None if moment is None else min(moment, at)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
