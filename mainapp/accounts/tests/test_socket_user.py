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


def make_handshake():
    """Return a coroutine function from a session cookie to the scope's user and session key."""
    seen = {}

    async def inner(scope, receive, send):
        seen[scope["n"]] = (scope["user"], scope["session_key"])

    wrapped = SocketUserMiddleware(inner)

    async def handshake(cookie, n=0):
        headers = [(b"host", b"localhost")]
        if cookie is not None:
            headers.append((b"cookie", f"a=b; sessionid={cookie}; c=d".encode("latin-1")))
        await wrapped({"type": "websocket", "headers": headers, "n": n}, None, None)
        return seen[n]

    return handshake


async def test_session_identifies_its_user(alice, key):
    assert await make_handshake()(key) == (alice, key)


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
async def test_invalid_cookie_is_anonymous(cookie):
    assert await make_handshake()(cookie) == (AnonymousUser(), None)


@pytest.mark.parametrize("cookie", [None, "short", '"' + "\\141" * 31 + '\\000"'])
async def test_cookie_that_cannot_be_a_key_costs_no_query(queries, cookie):
    await make_handshake()(cookie)

    assert queries == []


async def test_invalid_cookie_does_not_affect_other_handshakes(alice, key):
    handshake = make_handshake()
    cookies = (key, '"' + "\\141" * 31 + '\\000"', "b" * 32)
    async with asyncio.timeout(5):
        seen = await asyncio.gather(*(handshake(cookie, n) for n, cookie in enumerate(cookies)))

    assert [user for user, _key in seen] == [alice, AnonymousUser(), AnonymousUser()]


def test_expired_session_has_no_user(key):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert users_of_sessions([key]) == {}


def test_session_from_before_a_password_change_has_no_user(alice, key):
    alice.set_password("another")
    alice.save()

    assert users_of_sessions([key]) == {}


def test_session_of_an_inactive_user_has_no_user(alice, key):
    User.objects.update(is_active=False)

    assert users_of_sessions([key]) == {}


def test_session_of_a_deleted_user_has_no_user(alice, key):
    alice.delete()

    assert users_of_sessions([key]) == {}


@pytest.mark.parametrize(
    "change", [{"_auth_user_backend": "no.such.Backend"}, {"_auth_user_hash": ""}]
)
def test_incomplete_session_has_no_user(key, change):
    session = SessionStore(key)
    session.update(change)
    session.save()

    assert users_of_sessions([key]) == {}


def test_damaged_session_has_no_user(key):
    Session.objects.update(session_data="damaged")

    assert users_of_sessions([key]) == {}


async def test_many_handshakes_share_two_queries(queries):
    users = [await User.objects.acreate(username=f"user{n}") for n in range(40)]
    keys = [await query(log_in, user) for user in users]
    handshake = make_handshake()
    queries.clear()

    seen = await asyncio.gather(*(handshake(key, n) for n, key in enumerate(keys)))

    assert [user for user, _key in seen] == users
    assert len(queries) == 2


async def test_tabs_of_one_session_share_one_lookup(alice, key, queries):
    handshake = make_handshake()

    seen = await asyncio.gather(*(handshake(key, n) for n in range(5)))

    assert seen == [(alice, key)] * 5
    assert len(queries) == 2


async def test_cancelled_handshake_leaves_the_others(alice, key):
    handshake = make_handshake()
    gone, stays = asyncio.ensure_future(handshake(key)), asyncio.ensure_future(handshake(key, 1))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == (alice, key)


async def test_failing_database_fails_only_the_current_handshakes(alice, key, monkeypatch):
    def fail(keys):
        raise DatabaseError("gone")

    handshake = make_handshake()
    with monkeypatch.context() as patch:
        patch.setattr(middleware, "users_of_sessions", fail)
        both = await asyncio.gather(handshake(key), handshake("b" * 32), return_exceptions=True)
        assert [type(error) for error in both] == [DatabaseError, DatabaseError]

    assert await handshake(key) == (alice, key)
