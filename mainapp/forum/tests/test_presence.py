import asyncio
from contextlib import asynccontextmanager
from functools import partial
from math import inf

import pytest

from mainapp.accounts.models import User
from mainapp.core.realtime import leases as lease_module
from mainapp.core.realtime import presence
from mainapp.core.realtime.leases import PresenceLease
from mainapp.core.redis import TIMEOUT_S, async_client, key
from mainapp.core.redis import client as redis_client
from mainapp.core.tests.pipes import until
from mainapp.forum.fanout import hub
from mainapp.forum.fanout import presence as room_presence
from mainapp.forum.tests.factories import RoomFactory
from mainapp.forum.tests.test_fanout import Client, running

pytestmark = pytest.mark.django_db(transaction=True)


SPEED = 10


@pytest.fixture(autouse=True)
def _shorter_times(monkeypatch):
    """Divide all periods by SPEED, which keeps their proportions."""
    for module, names in (
        (presence, ("RENEW_S", "RETRY_S", "SILENCE_S", "HOLD_S")),
        (room_presence, ("LINGER_S",)),
        (lease_module, ("LEASE_S",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) / SPEED)
    monkeypatch.setattr(hub, "async_client", partial(async_client, timeout_s=TIMEOUT_S / SPEED))


@pytest.fixture
def users(transactional_db):
    return [User.objects.create_user(name) for name in ("ana", "bia", "caio")]


@pytest.fixture
def room(transactional_db):
    return RoomFactory()


def present(client):
    return set(client.room.present)


def left(client):
    return [user["id"] for frame in client.frames("presence") for user in frame["left"]]


@asynccontextmanager
async def two_processes(room, users):
    """Open a tab of ana in each of two processes, of bia in the first, of caio in the second."""
    ana, bia, caio = users
    async with running() as first_hub, running() as second_hub:
        clients = [
            await Client.enter(hub, room, user)
            for hub, user in (
                (first_hub, ana),
                (second_hub, ana),
                (first_hub, bia),
                (second_hub, caio),
            )
        ]
        everybody = {user.pk for user in users}
        await until(lambda: all(present(client) == everybody for client in clients))
        yield first_hub, second_hub, clients


def synced_at(process):
    return process.presence.sync._synced_at


async def sync(*processes):
    """Wait until each process has synced from beginning to end, one after the other."""
    for process in processes:
        for _ in range(2):  # the first sync may have begun before this call
            before = synced_at(process)
            process.presence.wake_up()
            await until(lambda process=process, before=before: synced_at(process) > before)


def end_hold(*processes):
    """End the first seconds of a process, in which no user leaves."""
    for process in processes:
        process.presence.sync._held_until = -inf


async def hold_over(*processes):
    """Wait until users may leave again, and sync."""
    for process in processes:
        await until(lambda process=process: process.now() > process.presence.sync._held_until)
    await sync(*processes)


def leases(room):
    """Return the leases of a room, as `user:process`."""
    members = redis_client().zrange(key("room", room.pk, "present"), 0, -1)
    return [member.decode().rpartition(":")[0] for member in members]


async def test_user_with_two_tabs_leaves_when_both_are_closed(room, users):
    ana = users[0]
    async with two_processes(room, users) as (first_hub, second_hub, (first, second, bia, caio)):
        end_hold(first_hub, second_hub)
        first.leave()
        await until(lambda: f"{ana.pk}:{first_hub.name}" not in leases(room))
        await sync(first_hub, second_hub)
        assert left(bia) == left(caio) == []
        second.leave()
        await until(lambda: left(bia) == left(caio) == [ana.pk])


async def test_users_of_a_dead_process_leave_in_time(room, users):
    ana, bia, caio = users
    async with two_processes(room, users) as (first_hub, _second_hub, (*_, second)):
        for task in first_hub._tasks:
            task.cancel()
        started_at = asyncio.get_running_loop().time()
        await until(lambda: left(second) == [bia.pk])
        longest_s = lease_module.LEASE_S + presence.RENEW_S
        assert asyncio.get_running_loop().time() - started_at < longest_s + 1
        assert longest_s * SPEED < 15
        assert present(second) == {ana.pk, caio.pk}


async def test_redis_stall_takes_nobody_offline(room, users):
    async with two_processes(room, users) as (first_hub, second_hub, clients):
        end_hold(first_hub, second_hub)
        stall_s = lease_module.LEASE_S + 0.1
        redis_client().execute_command("CLIENT", "PAUSE", round(stall_s * 1000), "ALL")
        await until(lambda: synced_at(first_hub) == synced_at(second_hub) == -inf)
        await until(lambda: min(synced_at(first_hub), synced_at(second_hub)) > 0)
        await hold_over(first_hub, second_hub)
        assert [left(client) for client in clients] == [[]] * 4


@pytest.mark.parametrize("times", [1, 3])
async def test_empty_redis_takes_nobody_offline(room, users, times):
    async with two_processes(room, users) as (first_hub, second_hub, clients):
        end_hold(first_hub, second_hub)
        for _ in range(times):
            redis_client().flushall()
            await sync(first_hub, second_hub)
        await hold_over(first_hub, second_hub)
        assert [left(client) for client in clients] == [[]] * 4
        assert len(leases(room)) == 4


async def test_user_joining_on_another_process_is_announced_with_a_name(room, users):
    ana, bia, _ = users
    async with running() as first_hub, running() as second_hub:
        first = await Client.enter(first_hub, room, ana)
        await Client.enter(second_hub, room, bia)
        await until(lambda: len(present(first)) == 2)

    (frame,) = first.frames("presence")
    assert frame["joined"] == [{"id": bia.pk, "name": "bia", "avatar": None}]


async def test_first_frame_includes_users_of_other_processes(room, users):
    async with running() as first_hub, running() as second_hub:
        await Client.enter(first_hub, room, users[0])
        await until(lambda: leases(room))
        client = await Client.enter(second_hub, room, users[1])

    assert {user["id"] for user in client.frames("room")[0]["present"]} == {
        users[0].pk,
        users[1].pk,
    }


async def test_lease_reports_the_current_state_not_events():
    redis = async_client()
    try:
        first_lease, second_lease = (PresenceLease(name, client=redis) for name in "ab")
        epoch, _ = await first_lease.sync({"a": [10, 11], "b": [10]})
        assert await second_lease.sync({"a": [10]}) == (epoch, {"a": frozenset({10, 11})})
        assert await first_lease.sync({"a": [11]}) == (
            epoch,
            {"a": frozenset({10}), "b": frozenset()},
        )
        assert await second_lease.sync({"a": [], "b": []}) == (
            epoch,
            {"a": frozenset({11}), "b": frozenset()},
        )
        assert await first_lease.sync({}) == (epoch, {"a": frozenset()})
        redis_client().flushall()
        assert (await first_lease.sync({}))[0] != epoch
    finally:
        await redis.aclose()


async def test_lease_of_the_future_expires(room):
    """A process died after Redis's clock ran ahead; the clock is right again."""
    name = key("room", room.pk, "present")
    redis_client().zadd(name, {"8:dead": redis_client().time()[0] + 3600})
    async with async_client() as redis:
        _epoch, others = await PresenceLease("own", client=redis).sync({f"room:{room.pk}": [7]})

    assert others == {f"room:{room.pk}": frozenset()}
