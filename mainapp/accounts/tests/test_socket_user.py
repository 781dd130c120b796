import asyncio
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from mainapp.accounts import middleware
from mainapp.accounts.middleware import SocketUserMiddleware
from mainapp.accounts.models import User
from mainapp.accounts.selectors import users_of_sessions
from mainapp.core.realtime import query

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(user):
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.fixture
def key(alice):
    return log_in(alice)


def asker():
    """Return who the middleware says is behind a handshake with that session cookie."""
    seen = {}

    async def inner(scope, receive, send):
        seen[scope["n"]] = (scope["user"], scope["session_key"])

    wrapped = SocketUserMiddleware(inner)

    async def ask(cookie, n=0):
        headers = [(b"host", b"localhost")]
        if cookie is not None:
            headers.append((b"cookie", f"a=b; sessionid={cookie}; c=d".encode("latin-1")))
        await wrapped({"type": "websocket", "headers": headers, "n": n}, None, None)
        return seen[n]

    return ask


async def test_session_names_its_user(alice, key):
    assert await asker()(key) == (alice, key)


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        "short",
        "a" * 32,
        "é" * 32,
        '"\\000' + "a" * 31 + '"',
        '"' + "\\141" * 31 + '\\000"',
        "a" * 5000,
        "' OR 1=1 --",
    ],
)
async def test_nonsense_is_anonymous(cookie):
    assert await asker()(cookie) == (AnonymousUser(), None)


@pytest.mark.parametrize("cookie", [None, "short", '"' + "\\141" * 31 + '\\000"'])
async def test_no_key_costs_no_query(queries, cookie):
    await asker()(cookie)

    assert queries == []


async def test_nonsense_spoils_nobody_elses_handshake(alice, key):
    ask = asker()
    handshakes = [ask(key), ask('"' + "\\141" * 31 + '\\000"', 1), ask("b" * 32, 2)]
    async with asyncio.timeout(5):
        found = await asyncio.gather(*handshakes)

    assert [user for user, _key in found] == [alice, AnonymousUser(), AnonymousUser()]


def test_expired_session_is_nobodys(key):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert users_of_sessions([key]) == {}


def test_session_of_another_password_is_nobodys(alice, key):
    alice.set_password("another")
    alice.save()

    assert users_of_sessions([key]) == {}


def test_inactive_user_is_nobody(alice, key):
    User.objects.update(is_active=False)

    assert users_of_sessions([key]) == {}


def test_deleted_user_is_nobody(alice, key):
    alice.delete()

    assert users_of_sessions([key]) == {}


@pytest.mark.parametrize(
    "change", [{"_auth_user_backend": "no.such.Backend"}, {"_auth_user_hash": ""}]
)
def test_session_that_is_not_whole_is_nobodys(key, change):
    session = SessionStore(key)
    session.update(change)
    session.save()

    assert users_of_sessions([key]) == {}


def test_damaged_session_is_nobodys(key):
    Session.objects.update(session_data="damaged")

    assert users_of_sessions([key]) == {}


async def test_many_handshakes_share_two_queries(queries):
    users = [await User.objects.acreate(username=f"user{n}") for n in range(40)]
    keys = [await query(log_in, user) for user in users]
    ask = asker()
    queries.clear()

    found = await asyncio.gather(*(ask(key, n) for n, key in enumerate(keys)))

    assert [user for user, _key in found] == users
    assert len(queries) == 2


async def test_tabs_of_one_session_share_the_answer(alice, key, queries):
    ask = asker()

    found = await asyncio.gather(*(ask(key, n) for n in range(5)))

    assert found == [(alice, key)] * 5
    assert len(queries) == 2


async def test_handshake_that_goes_away_leaves_the_others(alice, key):
    ask = asker()
    gone, stays = asyncio.ensure_future(ask(key)), asyncio.ensure_future(ask(key, 1))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == (alice, key)


async def test_failing_database_fails_the_handshakes_and_not_the_next_ones(alice, key, monkeypatch):
    def fail(keys):
        raise DatabaseError("gone")

    ask = asker()
    with monkeypatch.context() as patch:
        patch.setattr(middleware, "users_of_sessions", fail)
        both = await asyncio.gather(ask(key), ask("b" * 32), return_exceptions=True)
        assert [type(error) for error in both] == [DatabaseError, DatabaseError]

    assert await ask(key) == (alice, key)
