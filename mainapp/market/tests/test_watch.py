import asyncio
from datetime import UTC, datetime, timedelta

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
    """A web process: a set of symbols, and the lease that copies it to Redis."""

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


async def test_watched_symbols_are_the_union_of_processes(client):
    async with Process("first") as first, Process("second") as second:
        assert watched_symbols(client) == set()
        first.add("PETR4", "VALE3")
        second.add("PETR4", "ITUB4")
        await first.sync()
        await second.sync()
        assert watched_symbols(client) == {"PETR4", "VALE3", "ITUB4"}

        first.remove("PETR4", "VALE3")
        await first.sync()

        assert watched_symbols(client) == {"PETR4", "ITUB4"}
        second.remove("PETR4", "ITUB4")
        await second.sync()
        assert watched_symbols(client) == set()


async def test_lease_expires(client):
    async with Process("first") as first:
        first.add("PETR4")
        await first.sync()

        assert 0 < client.pttl(key("watch", "first")) <= LEASE_S * 1000
        client.pexpire(key("watch", "first"), 300)
        await first.sync()
        assert client.pttl(key("watch", "first")) > 300
        client.pexpire(key("watch", "first"), 1)
        await asyncio.sleep(0.01)
        assert watched_symbols(client) == set()


async def test_lost_lease_is_written_again(client):
    async with Process("first") as first:
        first.add("PETR4", "VALE3")
        await first.sync()
        client.flushall()

        await first.sync()

        assert watched_symbols(client) == {"PETR4", "VALE3"}
        assert client.pttl(key("watch", "first")) > 0


async def test_symbol_added_and_removed_between_syncs_is_not_sent(client):
    async with Process("first") as first:
        first.add("PETR4")
        await first.sync()
        first.add("VALE3")
        first.remove("VALE3", "PETR4")
        first.add("PETR4")

        await first.sync()

        assert watched_symbols(client) == {"PETR4"}


async def test_sync_after_a_failed_one_sends_everything(client):
    async with Process("first") as first:
        first.add("PETR4", "VALE3")
        await first.sync()
        first.remove("PETR4")
        first.add("ITUB4")
        await fail_to_sync(first, client)

        await first.sync()

        assert watched_symbols(client) == {"VALE3", "ITUB4"}


async def test_older_lease_of_the_same_size_is_replaced_after_a_failure(client):
    """A killed Redis restarts with its last saved data."""
    async with Process("first") as first:
        first.add("PETR4", "VALE3")
        await first.sync()
        await fail_to_sync(first, client)
        client.delete(key("watch", "first"))
        client.sadd(key("watch", "first"), "PETR4", "ITUB4")

        await first.sync()

        assert watched_symbols(client) == {"PETR4", "VALE3"}


async def test_drop_removes_the_lease_at_once(client):
    async with Process("first") as first, Process("second") as second:
        for process in (first, second):
            process.add("PETR4", process.lease._name.upper())
            await process.sync()

        await first.lease.drop()

        assert watched_symbols(client) == {"PETR4", "SECOND"}


@pytest.mark.parametrize("shift_s", [-61, 61])
async def test_dead_processes_are_removed_from_the_registry(client, shift_s):
    """A time of the future is one that Redis's clock gave before it was set back."""
    async with Process("second") as second:
        second.add("VALE3")
        await second.sync()
        client.zadd(REGISTRY.key, {"first": client.time()[0] + shift_s})

        watched_symbols(client)

        assert REGISTRY.names(client) == ["second"]


async def test_clock_of_the_process_does_not_count(client, time_machine):
    async with Process("first") as first:
        first.add("PETR4")
        await first.sync()
        time_machine.move_to(datetime.now(UTC) + timedelta(hours=1))

        assert watched_symbols(client) == {"PETR4"}


async def test_change_during_a_sync_is_sent_by_the_next(client):
    async with Process("first") as first:
        first.add("PETR4")
        await first.sync()
        first.add("VALE3")
        syncing = asyncio.ensure_future(first.sync())
        await asyncio.sleep(0)
        first.add("ITUB4")
        first.remove("PETR4")
        await syncing

        await first.sync()

        assert watched_symbols(client) == {"VALE3", "ITUB4"}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "sync", "flush", "fail"]),
        st.sampled_from(["first", "second"]),
        st.sampled_from(["AAAA3", "BBBB3", "CCCC3", "DDDD3"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, database=None)
@given(steps=STEPS)
def test_any_sequence_of_steps_ends_in_the_union_of_wanted_symbols(steps):
    client = redis_client()
    client.flushall()

    async def run_steps():
        async with Process("first") as first, Process("second") as second:
            processes = {"first": first, "second": second}
            for step, name, symbol in steps:
                await apply_step(step, processes[name], symbol, client)
            for process in processes.values():
                await process.sync()
            assert watched_symbols(client) == first.wanted | second.wanted
            for process in processes.values():
                await process.lease.drop()
            assert watched_symbols(client) == set()

    asyncio.run(run_steps())


async def apply_step(step, process, symbol, client):
    if step == "sync":
        await process.sync()
    elif step == "flush":
        client.flushall()
    elif step == "fail":
        await fail_to_sync(process, client)
    else:
        getattr(process, step)(symbol)


def test_needs_of_features_are_watched(monkeypatch):
    monkeypatch.setattr(watch, "_needs", [])
    assert needed_symbols() == set()
    watch.register_need(lambda: ["PETR4", "VALE3"])
    watch.register_need(lambda: {"PETR4"})

    assert needed_symbols() == {"PETR4", "VALE3"}
