import asyncio

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from mainapp.core.redis import async_client, key
from mainapp.core.redis import client as redis_client
from mainapp.market import watch
from mainapp.market.watch import LEASE_S, REGISTRY, WatchLease, needed_symbols, watched_symbols


@pytest.fixture
def client():
    return redis_client()


class Process:
    """A web process: a set, and the lease that makes Redis agree with it."""

    def __init__(self, name):
        self.client = async_client()
        self.lease = WatchLease(name, client=self.client)
        self.wanted = set()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.client.aclose()

    def add(self, *symbols):
        self.wanted |= set(symbols)
        for symbol in symbols:
            self.lease.note(symbol)

    def remove(self, *symbols):
        self.wanted -= set(symbols)
        for symbol in symbols:
            self.lease.note(symbol)

    async def sync(self):
        await self.lease.sync(self.wanted)


async def fail_to_sync(process, client):
    client.execute_command("ACL", "SETUSER", "default", "-zadd")
    try:
        with pytest.raises(redis.RedisError):
            await process.sync()
    finally:
        client.execute_command("ACL", "SETUSER", "default", "+@all")


async def test_union_of_processes_is_watched(client):
    async with Process("one") as one, Process("two") as two:
        assert watched_symbols(client) == set()
        one.add("PETR4", "VALE3")
        two.add("PETR4", "ITUB4")
        await one.sync()
        await two.sync()
        assert watched_symbols(client) == {"PETR4", "VALE3", "ITUB4"}

        one.remove("PETR4", "VALE3")
        await one.sync()

        assert watched_symbols(client) == {"PETR4", "ITUB4"}
        two.remove("PETR4", "ITUB4")
        await two.sync()
        assert watched_symbols(client) == set()


async def test_lease_ends_by_itself(client):
    async with Process("one") as one:
        one.add("PETR4")
        await one.sync()

        assert 0 < client.pttl(key("watch", "one")) <= LEASE_S * 1000
        client.pexpire(key("watch", "one"), 300)
        await one.sync()
        assert client.pttl(key("watch", "one")) > 300
        client.pexpire(key("watch", "one"), 1)
        await asyncio.sleep(0.01)
        assert watched_symbols(client) == set()


async def test_lost_lease_is_written_again(client):
    async with Process("one") as one:
        one.add("PETR4", "VALE3")
        await one.sync()
        client.flushall()

        await one.sync()

        assert watched_symbols(client) == {"PETR4", "VALE3"}
        assert client.pttl(key("watch", "one")) > 0


async def test_what_came_and_went_between_two_syncs_is_not_told(client):
    async with Process("one") as one:
        one.add("PETR4")
        await one.sync()
        one.add("VALE3")
        one.remove("VALE3", "PETR4")
        one.add("PETR4")

        await one.sync()

        assert watched_symbols(client) == {"PETR4"}


async def test_failed_call_is_made_good_by_the_next(client):
    async with Process("one") as one:
        one.add("PETR4", "VALE3")
        await one.sync()
        one.remove("PETR4")
        one.add("ITUB4")
        await fail_to_sync(one, client)

        await one.sync()

        assert watched_symbols(client) == {"VALE3", "ITUB4"}


async def test_older_lease_of_the_same_size_is_not_believed_after_a_failure(client):
    """A Redis that was killed comes back with what it last saved."""
    async with Process("one") as one:
        one.add("PETR4", "VALE3")
        await one.sync()
        await fail_to_sync(one, client)
        client.delete(key("watch", "one"))
        client.sadd(key("watch", "one"), "PETR4", "ITUB4")

        await one.sync()

        assert watched_symbols(client) == {"PETR4", "VALE3"}


async def test_dropped_lease_is_gone_at_once(client):
    async with Process("one") as one, Process("two") as two:
        for process in (one, two):
            process.add("PETR4", process.lease._name.upper())
            await process.sync()

        await one.lease.drop()

        assert watched_symbols(client) == {"PETR4", "TWO"}


async def test_names_of_the_dead_are_forgotten(client, time_machine):
    time_machine.move_to("2026-03-10T12:00:00Z")
    async with Process("one") as one, Process("two") as two:
        one.add("PETR4")
        two.add("VALE3")
        await one.sync()
        time_machine.shift(61)
        await two.sync()

        watched_symbols(client)

        assert client.zrange(REGISTRY, 0, -1) == [b"two"]


async def test_change_during_a_sync_is_kept_for_the_next(client):
    async with Process("one") as one:
        one.add("PETR4")
        await one.sync()
        one.add("VALE3")
        syncing = asyncio.ensure_future(one.sync())
        await asyncio.sleep(0)
        one.add("ITUB4")
        one.remove("PETR4")
        await syncing

        await one.sync()

        assert watched_symbols(client) == {"VALE3", "ITUB4"}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "sync", "flush", "fail"]),
        st.sampled_from(["one", "two"]),
        st.sampled_from(["AAAA3", "BBBB3", "CCCC3", "DDDD3"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, database=None)
@given(steps=STEPS)
def test_any_history_ends_in_the_union_of_what_is_wanted(steps):
    client = redis_client()
    client.flushall()

    async def play():
        async with Process("one") as one, Process("two") as two:
            processes = {"one": one, "two": two}
            for step, name, symbol in steps:
                await take(step, processes[name], symbol, client)
            for process in processes.values():
                await process.sync()
            assert watched_symbols(client) == one.wanted | two.wanted
            for process in processes.values():
                await process.lease.drop()
            assert watched_symbols(client) == set()

    asyncio.run(play())


async def take(step, process, symbol, client):
    if step == "sync":
        await process.sync()
    elif step == "flush":
        client.flushall()
    elif step == "fail":
        await fail_to_sync(process, client)
    else:
        getattr(process, step)(symbol)


def test_features_needs_are_watched_too(monkeypatch):
    monkeypatch.setattr(watch, "_needs", [])
    assert needed_symbols() == set()
    watch.register_need(lambda: ["PETR4", "VALE3"])
    watch.register_need(lambda: {"PETR4"})

    assert needed_symbols() == {"PETR4", "VALE3"}
