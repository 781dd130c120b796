"""Tests of a source's guard, with and without Redis."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from mainapp.core.redis import key
from mainapp.market.providers.base import Budget, ProviderError
from mainapp.market.providers.guard import Guard

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
DOWN = "unix:///nonexistent/redis.sock"
TIMEOUT = ProviderError("no answer in time", fault="timeout")


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def name():
    return f"test-{uuid4().hex}"


@pytest.fixture(params=[settings.REDIS_URL, DOWN], ids=["redis", "no redis"])
def guard(request, name, clock):
    return Guard(name, redis_url=request.param, now=clock)


def guard_of_another_process(guard: Guard, clock: Clock, budget: Budget | None = None) -> Guard:
    return Guard(guard.name, redis_url=settings.REDIS_URL, now=clock, budget=budget)


def test_new_source_is_unused_and_available(guard):
    assert guard.state().state == "unused"
    assert guard.wait_s() == 0
    assert guard.admit().calls == 1


def test_breaker_opens_after_a_failure_and_closes_after_a_success(guard, clock):
    guard.fail(TIMEOUT)
    assert guard.state().state == "open"
    assert guard.admit().is_faulty
    assert 0 < guard.wait_s() <= 0.25

    clock.at += timedelta(seconds=0.3)
    assert guard.state().state == "half_open"
    assert guard.admit().is_probe
    assert not guard.admit().calls

    guard.succeed(delay_s=900)
    state = guard.state()
    assert (state.state, state.delay_s, state.last_success_at) == ("ok", 900, clock.at)
    assert (state.last_error, state.last_fault) == ("no answer in time", "timeout")
    assert guard.admit().calls == 1
    assert not guard.admit().is_probe


def test_repeatedly_failing_source_is_retried_every_two_seconds(guard, clock):
    for _ in range(20):
        guard.fail(TIMEOUT)

    assert guard.wait_s() == 2


def test_next_probe_is_admitted_after_a_hung_one(guard, clock):
    guard.fail(TIMEOUT)
    clock.at += timedelta(seconds=1)
    assert guard.admit().is_probe
    clock.at += timedelta(seconds=4.1)

    assert guard.admit().is_probe


def test_breaker_is_shared_between_processes(name, clock):
    first = Guard(name, redis_url=settings.REDIS_URL, now=clock)
    first.fail(ProviderError("x", fault="rate_limited", retry_after=30))

    assert guard_of_another_process(first, clock).wait_s() == 30
    clock.at += timedelta(seconds=31)
    probes = [guard_of_another_process(first, clock).admit().is_probe for _ in range(5)]
    assert probes == [True, False, False, False, False]


def test_budget_is_exact_across_threads(name, clock):
    budget = Budget(calls=25, period="month")
    granted: list[int] = []

    def work():
        own_guard = Guard(name, redis_url=settings.REDIS_URL, now=clock, budget=budget)
        granted.extend(own_guard.admit(is_spaced=False).calls for _ in range(10))

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(granted) == 25
    assert (
        Guard(name, redis_url=settings.REDIS_URL, now=clock, budget=budget).state().calls_left == 0
    )


def test_budget_is_exact_across_processes(name):
    script = (
        "import sys;from mainapp.market.providers.guard import Guard;"
        "from mainapp.market.providers.base import Budget;"
        "g=Guard(sys.argv[1],redis_url=sys.argv[2],budget=Budget(calls=40,period='month'));"
        "print(sum(g.admit(is_spaced=False).calls for _ in range(30)))"
    )
    command = [sys.executable, "-c", script, name, settings.REDIS_URL]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True)  # noqa: S603 - ours
        for _ in range(3)
    ]

    assert sum(int(process.communicate()[0]) for process in processes) == 40


def test_budget_extends_the_interval_until_the_end_of_its_period(name, clock):
    guard = Guard(
        name, redis_url=settings.REDIS_URL, now=clock, budget=Budget(calls=100, period="hour")
    )
    admitted = 0
    while clock.at < NOON + timedelta(hours=1):
        admitted += guard.admit(2).calls
        pause = guard.wait_s()
        assert pause == pytest.approx(72, abs=2)
        assert guard.state().state == "resting"
        clock.at += timedelta(seconds=pause + 0.001)

    assert 96 <= admitted <= 100


def test_state_contains_the_budget(name, clock):
    guard = Guard(
        name, redis_url=settings.REDIS_URL, now=clock, budget=Budget(calls=100, period="hour")
    )
    guard.admit(10)
    guard.add_calls(2)
    guard.succeed()
    state = guard.state()

    assert (state.calls_used, state.calls_left) == (12, 88)
    assert state.period_ends_at == NOON + timedelta(hours=1)
    assert state.interval_s == pytest.approx(3600 * 10 / 88)


def test_record_lost_by_redis_is_restored(name, clock):
    guard = Guard(
        name, redis_url=settings.REDIS_URL, now=clock, budget=Budget(calls=9, period="month")
    )
    guard.admit(5, is_spaced=False)
    redis.Redis.from_url(settings.REDIS_URL).delete(key("source", name, "record"))

    assert guard.admit(9, is_spaced=False).calls == 4
    assert (
        guard_of_another_process(guard, clock, Budget(calls=9, period="month")).state().calls_left
        == 0
    )


def test_invalid_record_in_redis_is_reset(name, clock):
    client = redis.Redis.from_url(settings.REDIS_URL)
    for garbage in ("[1]", "{", '{"used": "x", "new": 1}', '{"failures": null}'):
        client.set(key("source", name, "record"), garbage, ex=60)

        assert Guard(name, redis_url=settings.REDIS_URL, now=clock).admit().calls == 1
