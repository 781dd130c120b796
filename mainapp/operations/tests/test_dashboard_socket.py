"""`ws/dashboard/`: its values, what changes, who may open it, and its cost."""

import asyncio
from contextlib import AsyncExitStack

import pytest
import redis
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.test import Client

from mainapp.accounts.models import User
from mainapp.accounts.selectors.second_factors import second_factor_record
from mainapp.core.realtime.writer import never_sends
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.forum.tests.factories import MessageFactory
from mainapp.market.tests.factories import NOON
from mainapp.operations.board import dashboard as board
from mainapp.operations.consumers import collect
from mainapp.operations.events import COUNTS, LIVE
from mainapp.operations.fanout import DashboardFanout, DashboardSocket
from mainapp.operations.services import dashboard as service

PATH = "/ws/dashboard/"
WITHIN_S = 1.0

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(db):
    return User.objects.create_user("root", access_level="admin")


async def frame_with(socket, name):
    """Return the next `changed` frame that has a value of that name."""
    while name not in (frame := await socket.next("changed")):
        pass
    return frame


async def test_first_frame_has_every_count_and_later_ones_what_changed(websocket, admin):
    async with websocket(PATH, admin) as socket:
        first = await socket.next()
        assert first["type"] == "dashboard_data"
        assert {*COUNTS, *LIVE} <= first.keys()
        assert (first["users_count"], first["messages_count"]) == (1, 0)
        assert (first["about"], first["at_least"]) == ([], [])
        assert first["parts"] == {"redis": "ok", "database": "ok"}
        assert first["age_s"] < WITHIN_S

        await database_sync_to_async(MessageFactory)()
        frame = await frame_with(socket, "messages_count")

        assert frame["messages_count"] == 1
        assert "ideas_count" not in frame


def log_in(admin, is_used):
    """Log an admin in, with or without a second factor; return the key of the session."""
    client = Client()
    client.force_login(admin)
    session = client.session
    if is_used:
        session.update(second_factor_record(at=NOON))
        session.save()
    return session.session_key


@pytest.mark.parametrize("is_used", [False, True])
async def test_an_admin_needs_the_second_factor_that_is_required(
    websocket, admin, settings, is_used
):
    settings.ADMIN_REQUIRES_SECOND_FACTOR = True
    key = await database_sync_to_async(log_in)(admin, is_used)

    async with websocket(PATH, cookie=f"sessionid={key}") as socket:
        if is_used:
            assert (await socket.next())["type"] == "dashboard_data"
        else:
            assert await socket.closed() == 4403


async def test_a_superuser_who_is_none_any_more_loses_the_socket(websocket):
    user = await database_sync_to_async(User.objects.create_user)("root", is_superuser=True)
    async with websocket(PATH, user) as socket:
        await socket.next()
        user.is_superuser = False
        await user.asave()
        assert await socket.closed() == 1012


async def test_only_admins_may_open_it(websocket, alice, bob):
    bob.access_level = "support"
    await bob.asave()
    for user in (None, alice, bob):
        async with websocket(PATH, user) as socket:
            assert await socket.closed() == 4403


async def test_demoted_admin_loses_the_socket(websocket, admin):
    async with websocket(PATH, admin) as socket:
        await socket.next("dashboard_data")
        admin.access_level = "support"
        await database_sync_to_async(admin.save)()

        assert await socket.closed(WITHIN_S) == 1012
    async with websocket(PATH, admin) as socket:
        assert await socket.closed() == 4403


async def test_without_redis_the_last_values_stay_until_it_is_back(websocket, admin, monkeypatch):
    away = redis.Redis(host="127.0.0.1", port=1, retry=None)
    async with websocket(PATH, admin) as socket:
        await socket.next("dashboard_data")
        with monkeypatch.context() as patch:
            patch.setattr(board, "client", lambda: away)
            lost = await frame_with(socket, "parts")
            assert lost["parts"]["redis"] == "down"
            assert not lost.keys() & set(COUNTS)
            heartbeat = await socket.receive_json_from(10)  # `next` would skip it
            assert heartbeat["type"] == "heartbeat"
            assert heartbeat["age_s"] > service.LIVE_MS / 1000

        assert (await frame_with(socket, "parts"))["parts"]["redis"] == "ok"


async def test_without_the_database_the_last_counts_stay_until_it_is_back(
    websocket, admin, monkeypatch
):
    def fail():
        raise DatabaseError("away")

    async with websocket(PATH, admin) as socket:
        await socket.next("dashboard_data")
        with monkeypatch.context() as patch:
            patch.setattr(service, "sizes", fail)
            lost = await frame_with(socket, "parts")
            assert lost["parts"] == {"redis": "ok", "database": "down"}
            assert not lost.keys() & set(COUNTS)

        assert (await frame_with(socket, "parts"))["parts"]["database"] == "ok"


async def test_emptied_redis_changes_no_count(websocket, admin):
    async with websocket(PATH, admin) as socket:
        await socket.next("dashboard_data")
        redis_client().flushall()
        await database_sync_to_async(MessageFactory)()

        frame = await frame_with(socket, "messages_count")
        assert frame["messages_count"] == 1
        assert "users_count" not in frame


async def test_fifty_viewers_of_two_processes_cost_less_than_a_query_a_second(admin, queries):
    async def receive(message):
        frames.append(message)

    frames, viewers, seconds = [], 25, 4.0
    async with AsyncExitStack() as stack:
        hubs = [await stack.enter_async_context(DashboardFanout(collect)) for _process in range(2)]
        for hub in hubs:
            await hub.ready()
        queries.clear()
        sockets = [
            (hub, DashboardSocket(hub, receive, never_sends))
            for hub in hubs
            for _ in range(viewers)
        ]
        for hub, socket in sockets:
            hub.join(socket)
        await asyncio.sleep(seconds)
        reads = [sql for sql in queries if "operations_sample" in sql or "UNION ALL" in sql]

        assert len(frames) >= 2 * viewers
        assert queries == reads
        assert 2 <= len(reads) <= seconds

        for hub, socket in sockets:
            hub.leave(socket)
        # Whoever still read would take the turn again after a second.
        redis_client().delete(key("dashboard", "turn", "live"))
        await asyncio.sleep(1.5)
        assert not redis_client().exists(key("dashboard", "turn", "live"))
