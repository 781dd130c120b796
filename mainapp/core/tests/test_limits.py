import asyncio
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from mainapp.core.limits import (
    CLOSED,
    OPEN,
    Limit,
    RateLimited,
    SocketWindow,
    Unavailable,
    consume,
    consume_async,
    of_address,
    of_user,
    redis_store,
    try_consume,
)

THREE = Limit("three", 3, 10.0)
HERE = of_address("203.0.113.7")


@pytest.fixture(params=["missing", "unresponsive"])
def no_redis(request, monkeypatch, tmp_path):
    """Point the limiter at a missing Redis, or at one that never responds."""
    path = tmp_path / "redis.sock"
    server = socket.socket(socket.AF_UNIX)
    if request.param == "unresponsive":
        server.bind(str(path))
        server.listen()
    client = redis.Redis(
        unix_socket_path=str(path),
        socket_timeout=0.05,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )
    monkeypatch.setattr(redis_store, "client", lambda: client)
    monkeypatch.setattr(redis_store._Outage, "until", 0.0)
    yield
    redis_store._Outage.until = 0.0
    server.close()


def stored_key(limit=THREE, key=HERE):
    return redis_store.key_of(limit, key)


def test_uses_are_allowed_up_to_the_count_and_counted_once():
    decisions = [try_consume(THREE, HERE) for _ in range(5)]

    assert [decision.used for decision in decisions] == [1, 2, 3, 3, 3]
    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0, 0]
    assert [decision.is_refused for decision in decisions] == [False] * 3 + [True] * 2
    assert all(9 < decision.reset_s <= 10 for decision in decisions)


def test_users_addresses_and_limits_are_counted_separately(alice, bob):
    for key in (HERE, of_user(alice), of_user(bob), of_address("203.0.113.8")):
        assert try_consume(THREE, key).used == 1
    assert try_consume(Limit("another", 3, 10.0), HERE).used == 1
    assert try_consume(THREE, of_address("2001:db8::1")).used == 1
    assert try_consume(THREE, of_address("2001:db8::2:1")).used == 2


def test_call_right_after_the_announced_wait_is_allowed():
    short = Limit("short", 2, 0.3)
    consume(short, HERE)
    time.sleep(0.1)
    consume(short, HERE)

    with pytest.raises(RateLimited) as caught:
        consume(short, HERE)

    assert caught.value.code == "rate_limited"
    assert 0.1 < caught.value.retry_after_s <= 0.3
    time.sleep(caught.value.retry_after_s)
    consume(short, HERE)


def test_refused_uses_are_not_counted_and_extend_nothing():
    consume(THREE, HERE)
    expiry = redis_store.client().pttl
    first_ms = expiry(stored_key())
    for _ in range(20):
        try_consume(Limit("three", 1, 10.0), HERE)

    assert redis_store.client().llen(stored_key()) == 1
    assert expiry(stored_key()) <= first_ms


def test_no_window_of_that_length_exceeds_the_count():
    limit = Limit("sliding", 2, 0.4)
    consume(limit, HERE)
    time.sleep(0.3)
    consume(limit, HERE)
    time.sleep(0.15)

    consume(limit, HERE)
    assert try_consume(limit, HERE).is_refused


def test_uses_in_the_future_are_forgotten():
    ahead = (time.time() + 3600) * 1_000_000
    redis_store.client().rpush(stored_key(), *[f"{ahead:.0f}"] * 3)

    assert try_consume(THREE, HERE).used == 1


def test_keys_of_clients_that_left_expire():
    consume(THREE, HERE)

    assert 10_000 < redis_store.client().pttl(stored_key()) <= 11_000


@pytest.mark.parametrize("count", [1, 10])
def test_exactly_the_count_of_200_parallel_uses_is_allowed(count):
    limit = Limit("parallel", count, 60.0)
    with ThreadPoolExecutor(32) as threads:
        decisions = list(threads.map(lambda _: try_consume(limit, HERE), range(200)))

    assert sum(not decision.is_refused for decision in decisions) == count


async def test_exactly_the_count_of_200_async_uses_is_allowed():
    async def use():
        try:
            await consume_async(THREE, HERE)
        except RateLimited:
            return 0
        return 1

    assert sum(await asyncio.gather(*(use() for _ in range(200)))) == 3


def test_count_follows_its_setting(settings):
    limit = Limit("rooms", "ROOMS_A_DAY", 10.0)
    settings.ROOMS_A_DAY = 1
    consume(limit, HERE)
    with pytest.raises(RateLimited):
        consume(limit, HERE)

    settings.ROOMS_A_DAY = 2
    consume(limit, HERE)

    settings.ROOMS_A_DAY = 1  # lowered below the counted uses
    assert try_consume(limit, HERE).is_refused
    settings.ROOMS_A_DAY = 0
    assert try_consume(limit, HERE).is_refused


def test_open_limit_allows_uses_without_redis_and_logs_once(no_redis, caplog):
    started = time.monotonic()

    with caplog.at_level(logging.WARNING, "mainapp.core.limits"):
        for _ in range(20):
            consume(Limit("open", 1, 10.0, without_redis=OPEN), HERE)

    assert time.monotonic() - started < 0.5
    assert [record.name for record in caplog.records] == ["mainapp.core.limits.redis_store"]


def test_closed_limit_refuses_without_redis(no_redis):
    with pytest.raises(Unavailable) as caught:
        consume(Limit("closed", 1, 10.0, without_redis=CLOSED), HERE)

    assert caught.value.code == "unavailable"


def test_socket_window_counts_until_its_end(monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    window = SocketWindow(3, 10.0)

    assert [window.consume() for _ in range(3)] == [0, 0, 0]
    now = 104.0
    assert window.consume() == 6.0
    now = 110.0
    assert window.consume(3) == 0.0
    assert window.consume(1) == 10.0
