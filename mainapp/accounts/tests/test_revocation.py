"""Sockets whose log-in ends: every kind of socket and every cause, with and without a hint."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts import middleware
from mainapp.accounts.events import LOGINS, LoginEnded
from mainapp.accounts.fanout import logins as fanout
from mainapp.accounts.middleware import SocketUserMiddleware
from mainapp.accounts.models import User
from mainapp.core.consumers import BaseConsumer
from mainapp.core.policies import MEMBERS, Socket
from mainapp.core.realtime import GroupMessage, publish
from mainapp.core.realtime.publish import publisher

pytestmark = pytest.mark.django_db(transaction=True)

STOCK = "/ws/stock/track/"
KINDS = [STOCK, "/ws/room/1/", "/ws/notifications/"]
WITHIN_S = 1.0


@sync_to_async
def log_in(user):
    """Return a logged-in browser."""
    client = Client()
    client.force_login(user)
    return client


def cookie(client):
    return f"sessionid={client.cookies['sessionid'].value}"


@pytest.fixture
def tabs(websocket):
    """Return `async with tabs((browser, path), …) as sockets`."""

    @asynccontextmanager
    async def open_(*wanted):
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(websocket(path, cookie=cookie(browser)))
                for browser, path in wanted
            ]

    return open_


@pytest.fixture(autouse=True)
def room(db):
    """Create the room of KINDS; by its model's name, as accounts may not import the forum."""
    now = timezone.now()
    return apps.get_model("forum.Room").objects.create(
        pk=1, name="Sala", created_at=now, active_at=now
    )


@pytest.fixture
def no_sweep(monkeypatch):
    monkeypatch.setattr(fanout, "SWEEP_S", 60.0)


@pytest.fixture
def quick_sweep(monkeypatch):
    monkeypatch.setattr(fanout, "SWEEP_S", 0.02)


async def assert_alive(*sockets):
    for socket in sockets:
        await socket.send({"type": "ping"})
        await socket.next("pong")


def name_of(function):
    return function.__name__


def change_password(user):
    user.set_password("another horse")
    user.save()


def deactivate(user):
    user.is_active = False
    user.save(update_fields=["is_active"])


def deactivate_in_the_admin(user):
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    data = {"username": user.username, "access_level": "user"}
    client.post(reverse("admin:accounts_user_change", args=[user.pk]), data)


def delete(user):
    user.delete()


@pytest.mark.usefixtures("no_sweep")
@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize(
    "cause",
    [change_password, deactivate, deactivate_in_the_admin, delete],
    ids=name_of,
)
async def test_every_socket_of_the_user_closes(tabs, alice, bob, cause, path):
    first_browser, second_browser, bobs_browser = (
        await log_in(alice),
        await log_in(alice),
        await log_in(bob),
    )
    async with tabs(
        (first_browser, path), (first_browser, path), (second_browser, path), (bobs_browser, path)
    ) as sockets:
        *alices, bobs_socket = sockets
        await sync_to_async(cause)(alice)

        assert [await socket.closed(WITHIN_S) for socket in alices] == [4401] * 3
        await assert_alive(bobs_socket)


@pytest.mark.usefixtures("no_sweep")
@pytest.mark.parametrize("path", KINDS)
async def test_logout_closes_the_tabs_of_that_browser(tabs, alice, path):
    first_browser, second_browser = await log_in(alice), await log_in(alice)
    async with tabs((first_browser, path), (first_browser, path), (second_browser, path)) as (
        first,
        second,
        others,
    ):
        await sync_to_async(first_browser.post)("/logout/")

        assert [await first.closed(WITHIN_S), await second.closed(WITHIN_S)] == [4401] * 2
        await assert_alive(others)


@pytest.mark.usefixtures("no_sweep")
async def test_changed_level_makes_a_socket_reconnect(tabs, alice):
    async with tabs((await log_in(alice), STOCK)) as (socket,):
        alice.access_level = User.Access.SUPPORT
        await alice.asave()

        assert await socket.closed(WITHIN_S) == 1012


def rename(user):
    user.display_name = "Alice"
    user.save()


def change_password_and_roll_back(user):
    with transaction.atomic():
        change_password(user)
        transaction.set_rollback(True)


def tidy_sessions(user):
    client = Client()
    client.force_login(user)
    Session.objects.filter(session_key=client.session.session_key).update(
        expire_date=timezone.now()
    )
    Session.objects.filter(expire_date__lte=timezone.now()).delete()


def refuse_to_publish(batch):
    raise AssertionError("nothing ended")


@pytest.mark.parametrize(
    "event", [rename, change_password_and_roll_back, tidy_sessions], ids=name_of
)
async def test_nothing_is_published_unless_a_log_in_ends(alice, event, monkeypatch):
    monkeypatch.setattr(publisher, "put", refuse_to_publish)

    await sync_to_async(event)(alice)


def test_logging_in_costs_no_further_query(alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        alice.save(update_fields=["last_login"])


# Without a hint --------------------------------------------------------------------------------


def by_update(**changes):
    return lambda user: User.objects.filter(pk=user.pk).update(**changes)


def lose_sessions(user):
    Session.objects.all()._raw_delete("default")


def let_sessions_expire(user):
    Session.objects.update(expire_date=timezone.now())


@pytest.mark.usefixtures("quick_sweep")
@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (by_update(is_active=False), 4401),
        (by_update(password="another"), 4401),
        (by_update(access_level="support"), 1012),
        (lose_sessions, 4401),
        (let_sessions_expire, 4401),
    ],
    ids=["inactive", "password", "level", "logout", "expired"],
)
async def test_sweep_closes_sockets_without_a_hint(tabs, alice, cause, code, path):
    async with tabs((await log_in(alice), path)) as (socket,):
        await sync_to_async(cause)(alice)

        assert await socket.closed() == code


@pytest.mark.usefixtures("quick_sweep")
async def test_sweep_leaves_logged_in_users(tabs, alice, queries):
    async with tabs((await log_in(alice), STOCK)) as (socket,):
        queries.clear()
        while len(queries) < 6:
            await asyncio.sleep(0.01)

        await assert_alive(socket)


@pytest.mark.usefixtures("quick_sweep")
async def test_sweep_queries_in_chunks(tabs, alice, bob, queries, monkeypatch):
    monkeypatch.setattr(fanout, "CHUNK", 2)
    browsers = [await log_in(user) for user in (alice, bob, alice)]
    async with tabs(*((browser, STOCK) for browser in browsers)):
        queries.clear()
        while len(queries) < 8:
            await asyncio.sleep(0.01)
    sizes = [sql.count("%s") - 1 for sql in queries if "django_session" in sql]
    assert max(sizes) == 2


@pytest.mark.usefixtures("quick_sweep")
async def test_unavailable_database_closes_no_socket(tabs, alice, monkeypatch, caplog):
    def fail(*_args):
        raise DatabaseError("gone")

    async with tabs((await log_in(alice), STOCK)) as (socket,):
        with monkeypatch.context() as patch:
            patch.setattr(middleware, "valid_sessions_and_rights", fail)
            while len(caplog.records) < 2:
                await asyncio.sleep(0.01)
        await assert_alive(socket)
        await sync_to_async(lose_sessions)(alice)

        assert await socket.closed() == 4401


@pytest.mark.usefixtures("no_sweep")
async def test_a_message_ends_no_log_in_that_is_valid(tabs, alice):
    async with tabs((await log_in(alice), STOCK)) as (socket,):
        recorded = LoginEnded(type="login.ended", user=alice.pk, session=None)
        publish([GroupMessage(LOGINS, recorded)])
        while not (hub := middleware.login_hub()).recent or hub._background:
            await asyncio.sleep(0.01)

        await assert_alive(socket)
        async with tabs((await log_in(alice), STOCK)) as (another,):
            await assert_alive(another)


# Races and costs -------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_sweep")
async def test_logout_during_the_handshake_is_noticed(tabs, alice, monkeypatch):
    browser = await log_in(alice)
    read, hub = middleware.users_of_sessions, middleware.login_hub()

    def read_then_log_out(keys):
        users = read(keys)
        browser.post("/logout/")
        deadline = time.monotonic() + 5
        while not hub.recent and time.monotonic() < deadline:
            time.sleep(0.01)
        return users

    monkeypatch.setattr(middleware, "users_of_sessions", read_then_log_out)
    async with tabs((browser, STOCK)) as (socket,):
        assert await socket.closed(WITHIN_S) == 4401


class BusyConsumer(BaseConsumer):
    """A socket with a slow handler, whose `left` must be called only once."""

    handlers = BaseConsumer.handlers | {"work": "work"}
    policy = Socket(opens=MEMBERS, frames={})
    left_times = 0

    async def work(self, frame):
        await self.reply({"type": "working"})
        await asyncio.sleep(60)

    def left(self):
        BusyConsumer.left_times += 1


@pytest.fixture
def busy(monkeypatch):
    monkeypatch.setattr(BusyConsumer, "left_times", 0)
    return SocketUserMiddleware(BusyConsumer.as_asgi())


@pytest.mark.usefixtures("no_sweep")
async def test_socket_with_a_running_handler_closes_too(websocket, busy, alice):
    async with websocket("/", alice, app=busy) as socket:
        await socket.request({"type": "work"})
        await sync_to_async(deactivate)(alice)

        assert await socket.closed(WITHIN_S) == 4401
    assert BusyConsumer.left_times == 1


async def test_socket_that_requires_a_log_in_closes_for_anonymous_users(websocket, busy):
    async with websocket("/", app=busy) as socket:
        assert await socket.closed() == 4401


async def test_closed_socket_is_forgotten(tabs, alice):
    async with tabs((await log_in(alice), STOCK)):
        hub = middleware.login_hub()
        assert len(hub._by_user[alice.pk]) == 1
    assert hub._by_user == {}


async def test_anonymous_users_cost_no_query(websocket, queries):
    async with websocket(STOCK, cookie="sessionid=short"):
        assert middleware.login_hub.existing() is None
    assert [sql for sql in queries if "django_session" in sql or "accounts_user" in sql] == []
