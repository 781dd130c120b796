"""Tests of the breaker's and the budget's pure functions."""

from datetime import UTC, datetime, timedelta

import pytest

from mainapp.market.providers.base import Budget, ProviderError
from mainapp.market.providers.breaker import Record, admit_calls, count_calls, pause_s, renew_period

NOON = datetime(2026, 3, 11, 12, 30, tzinfo=UTC)
HOURLY = Budget(calls=60, period="hour")


def record(budget=HOURLY, at=NOON, **values):
    return renew_period(Record(**values), budget, at)


@pytest.mark.parametrize(
    ("error", "failures", "pause"),
    [
        (ProviderError("x", fault="timeout"), 1, 0.25),
        (ProviderError("x", fault="timeout"), 2, 0.5),
        (ProviderError("x", fault="unreachable"), 4, 2.0),
        (ProviderError("x", fault="server_error"), 5000, 2.0),
        (ProviderError("x", fault="rate_limited"), 1, 60.0),
        (ProviderError("x", fault="rate_limited", retry_after=7), 1, 7),
        (ProviderError("x", fault="rate_limited", retry_after=0), 4, 2.0),
        (ProviderError("x", fault="unauthorized", permanent=True), 1, 60.0),
    ],
)
def test_pause_depends_on_the_fault(error, failures, pause):
    assert pause_s(error, failures) == pause


def test_budget_is_spread_over_the_remaining_period():
    full = record()
    spent = count_calls(full, HOURLY, 2, NOON, probing_for_s=4)

    assert spent.next_at == NOON.timestamp() + 2 * 1800 / 60
    assert admit_calls(spent, HOURLY, 1, NOON).wait_s == 60
    assert admit_calls(spent, HOURLY, 1, NOON, is_spaced=False).calls == 1


def test_exhausted_budget_waits_for_the_next_period():
    spent = record(period_ends_at=NOON.timestamp() + 1800, used=60)

    assert admit_calls(spent, HOURLY, 1, NOON).wait_s == 1800
    assert admit_calls(spent, HOURLY, 1, NOON, is_spaced=False).calls == 0
    later = NOON + timedelta(minutes=30)
    assert admit_calls(record(at=later, used=60), HOURLY, 1, later).calls == 1


def test_remaining_calls_are_admitted():
    nearly = record(period_ends_at=NOON.timestamp() + 1800, used=57)

    assert admit_calls(nearly, HOURLY, 9, NOON).calls == 3


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, 5, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_monthly_period_ends_after_the_last_day(at, ends):
    assert (
        renew_period(Record(), Budget(calls=1, period="month"), at).period_ends_at
        == ends.timestamp()
    )


def test_only_one_call_probes_an_open_breaker():
    failed = record(budget=None, failures=1, open_until=NOON.timestamp() - 1)
    first = admit_calls(failed, None, 1, NOON)
    tried = count_calls(failed, None, 1, NOON, probing_for_s=4)

    assert (first.calls, first.is_probe) == (1, True)
    assert admit_calls(tried, None, 1, NOON).is_faulty
    assert admit_calls(tried, None, 1, NOON + timedelta(seconds=5)).is_probe
