import asyncio
from contextlib import asynccontextmanager

import pytest

from mainapp.accounts.models import User
from mainapp.core.redis import async_client, key
from mainapp.core.redis import client as redis_client
from mainapp.core.tests.pipes import until
from mainapp.forum.fanout import presence, presence_sync
from mainapp.forum.fanout.presence import PresenceLease
from mainapp.forum.tests.factories import RoomFactory
from mainapp.forum.tests.test_fanout import Client, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shorter_times(monkeypatch):
    """Divide all the times by five, which keeps their proportions."""
    for module, names in (
        (presence_sync, ("RENEW_S", "LINGER_S", "SILENCE_S", "HOLD_S")),
        (presence, ("LEASE_S",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) / 5)


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
    """Give ana a tab in each of two processes, bia one in the first, caio one in the second."""
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


async def test_user_with_two_tabs_leaves_when_both_are_closed(room, users):
    ana = users[0]
    async with two_processes(room, users) as (_first_hub, _second_hub, (first, second, bia, caio)):
        first.leave()
        await asyncio.sleep(1)
        assert left(bia) == left(caio) == []
        second.leave()
        await until(lambda: left(bia) == left(caio) == [ana.pk])


async def test_users_of_a_dead_process_leave_in_time(room, users):
    ana, bia, caio = users
    async with two_processes(room, users) as (first_hub, _second_hub, (*_, second)):
        for task in first_hub._tasks:
            task.cancel()
        begun = asyncio.get_running_loop().time()
        await until(lambda: left(second) == [bia.pk])
        assert asyncio.get_running_loop().time() - begun < 15 / 5
        assert present(second) == {ana.pk, caio.pk}


async def test_redis_stall_takes_nobody_offline(room, users):
    async with two_processes(room, users) as (_first_hub, _second_hub, clients):
        redis_client().execute_command("CLIENT", "PAUSE", 1000, "ALL")
        await asyncio.sleep(2.5)
        assert [left(client) for client in clients] == [[]] * 4


@pytest.mark.parametrize("times", [1, 3])
async def test_empty_redis_takes_nobody_offline(room, users, times):
    async with two_processes(room, users) as (_first_hub, _second_hub, clients):
        for _ in range(times):
            redis_client().flushall()
            await asyncio.sleep(0.45)
        await asyncio.sleep(1.5)
        assert [left(client) for client in clients] == [[]] * 4
        keys = redis_client().zrange(key("room", room.pk, "present"), 0, -1)
        assert len(keys) == 4


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
        await asyncio.sleep(0.3)
        client = await Client.enter(second_hub, room, users[1])

    assert {user["id"] for user in client.frames("room")[0]["present"]} == {
        users[0].pk,
        users[1].pk,
    }


async def test_lease_reports_the_current_state_not_events():
    redis = async_client()
    try:
        first_lease, second_lease = (PresenceLease(name, client=redis) for name in "ab")
        epoch, _ = await first_lease.sync({1: [10, 11], 2: [10]})
        assert await second_lease.sync({1: [10]}) == (epoch, {1: frozenset({10, 11})})
        assert await first_lease.sync({1: [11]}) == (epoch, {1: frozenset({10}), 2: frozenset()})
        assert await second_lease.sync({1: [], 2: []}) == (
            epoch,
            {1: frozenset({11}), 2: frozenset()},
        )
        assert await first_lease.sync({}) == (epoch, {1: frozenset()})
        redis_client().flushall()
        assert (await first_lease.sync({}))[0] != epoch
    finally:
        await redis.aclose()
