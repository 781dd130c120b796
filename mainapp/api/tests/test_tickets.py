"""Tickets for sockets: used once, ended with the log-in, never logged."""

import asyncio
import logging
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from conftest import Refused
from mainapp.accounts import tickets
from mainapp.api.services.keys import create_key
from mainapp.api.services.tokens import create_tokens, end_log_in
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from project.asgi import application

# Sockets query their users on other threads, so the tests need committed rows.
pytestmark = pytest.mark.django_db(transaction=True)

NOTIFICATIONS = "/ws/notifications/"
TICKET = "/api/v1/ws-ticket/"
LOGOUT = "/api/v1/accounts/logout/"
COUNT = 100


@sync_to_async
def ticket_of(user, *, by="session"):
    """Return a new ticket, and a function that ends its log-in."""
    client = Client()
    headers, log_out = {}, client.logout
    if by == "session":
        client.force_login(user)
    else:
        pair = create_tokens(user=user)
        headers["Authorization"] = f"Bearer {pair['access']}"
        log_out = partial(log_out_by_token, client, pair)
    response = client.post(TICKET, content_type="application/json", headers=headers)
    assert response.status_code == 201
    return response.json()["subprotocol"], log_out


def log_out_by_token(client, pair):
    headers = {"Authorization": f"Bearer {pair['access']}"}
    body = {"refresh": pair["refresh"]}
    response = client.post(LOGOUT, body, content_type="application/json", headers=headers)
    assert response.status_code == 204


def with_ticket(websocket, subprotocol, path="/ws/notifications/", **headers):
    async def app(scope, receive, send):
        await application(scope | {"subprotocols": [subprotocol]}, receive, send)

    return websocket(path, app=app, **{"origin": None} | headers)


@pytest.mark.parametrize("by", ["session", "token"])
async def test_ticket_opens_one_socket_without_an_origin(alice, websocket, by):
    subprotocol, _client = await ticket_of(alice, by=by)

    async with with_ticket(websocket, subprotocol) as socket:
        assert (await socket.next())["type"] == "snapshot"
    with pytest.raises(Refused):
        async with with_ticket(websocket, subprotocol):
            pass


async def test_accepted_subprotocol_is_the_ticket(alice):
    subprotocol, _client = await ticket_of(alice)
    sent, incoming = [], asyncio.Queue()
    await incoming.put({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "path": "/ws/notifications/",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "subprotocols": ["other", subprotocol],
    }

    async def send(message):
        sent.append(message)
        if len(sent) == 1:
            await incoming.put({"type": "websocket.disconnect", "code": 1000})

    await application(scope, incoming.get, send)

    assert sent[0]["type"] == "websocket.accept"
    assert sent[0]["subprotocol"] == subprotocol


@pytest.mark.parametrize("subprotocol", ["ticket.nothing", "ticket.", "other"])
async def test_invalid_ticket_is_refused(db, websocket, subprotocol):
    with pytest.raises(Refused):
        async with with_ticket(websocket, subprotocol):
            pass


async def test_ticket_does_not_excuse_a_foreign_origin_or_host(alice, websocket):
    subprotocol, _client = await ticket_of(alice)
    for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
        with pytest.raises(Refused):
            async with with_ticket(websocket, subprotocol, **headers):
                pass
    async with with_ticket(websocket, subprotocol):
        pass


async def test_ticket_opens_a_public_socket_for_its_user(alice, websocket):
    subprotocol, _client = await ticket_of(alice)

    async with with_ticket(websocket, subprotocol, "/ws/stock/track/") as socket:
        assert (await socket.next("snapshot"))["limit"] == 200


async def test_unused_ticket_expires(alice, websocket):
    subprotocol, _client = await ticket_of(alice)
    (name,) = redis_client().keys(key("ticket", "*"))
    assert 0 < redis_client().ttl(name) <= tickets.LIFE_S
    assert subprotocol.removeprefix("ticket.") not in name.decode()
    redis_client().delete(name)

    with pytest.raises(Refused):
        async with with_ticket(websocket, subprotocol):
            pass


@pytest.mark.parametrize(
    ("by", "end"),
    [
        ("session", "logout"),
        ("session", "password"),
        ("token", "logout"),
        ("token", "password"),
        ("token", "deactivation"),
    ],
)
async def test_ticket_ends_with_its_login(alice, websocket, by, end):
    subprotocol, log_out = await ticket_of(alice, by=by)
    await sync_to_async(end_login)(alice, log_out, end)

    with pytest.raises(Refused):
        async with with_ticket(websocket, subprotocol):
            pass


@pytest.mark.parametrize(
    ("by", "end"),
    [
        ("session", "logout"),
        ("token", "logout"),
        ("token", "password"),
        ("token", "deactivation"),
    ],
)
async def test_socket_closes_when_its_login_ends(alice, websocket, committed, by, end):
    subprotocol, log_out = await ticket_of(alice, by=by)

    async with with_ticket(websocket, subprotocol) as socket:
        await socket.next()
        await committed(end_login, user=alice, log_out=log_out, end=end)
        assert await socket.closed(timeout=1) == 4401


async def test_logout_by_token_closes_the_sockets_of_that_log_in_only(alice, websocket, committed):
    ended, log_out = await ticket_of(alice, by="token")
    others = [(await ticket_of(alice, by=by))[0] for by in ("token", "session")]

    async with (
        with_ticket(websocket, ended) as socket,
        with_ticket(websocket, others[0]) as by_token,
        with_ticket(websocket, others[1]) as by_session,
    ):
        await committed(log_out)
        assert await socket.closed(timeout=1) == 4401
        for other in (by_token, by_session):
            assert (await other.next())["type"] == "snapshot"
            await other.send({"type": "mark_read", "ids": "all"})
            assert (await other.next())["type"] == "read"


def end_login(user, log_out, end):
    if end == "logout":
        log_out()
    elif end == "password":
        user.set_password("outra senha")
        user.save()
    else:
        user.is_active = False
        user.save()


async def test_ticket_used_twice_concurrently_is_accepted_once(db):
    values = [tickets.issue("x" * 32) for _ in range(COUNT)]
    redeem = sync_to_async(tickets.redeem, thread_sensitive=False)
    redeemed = await asyncio.gather(*(redeem(value) for value in values * 2))

    accepted = [
        sum(redeemed[n] is not None for n in (first, first + COUNT)) for first in range(COUNT)
    ]
    assert accepted == [1] * COUNT


async def test_ticket_is_never_logged(alice, websocket, caplog):
    caplog.set_level(logging.DEBUG)
    subprotocol, _client = await ticket_of(alice)
    async with with_ticket(websocket, subprotocol) as socket:
        await socket.next()

    assert subprotocol.removeprefix("ticket.") not in caplog.text


def test_ticket_needs_a_login(db, client):
    assert client.post(TICKET).status_code == 401


# A token in the address ------------------------------------------------------------------------


@pytest.fixture
def pair(alice):
    return create_tokens(user=alice)


@pytest.mark.parametrize("origin", [None, "http://localhost", "https://other.example"])
@pytest.mark.parametrize("query", ["token={}", "stockpicker=PETR4&token={}", "%74oken={}&x"])
async def test_token_in_an_address_is_refused_and_the_ticket_named(
    pair, websocket, origin, query, caplog
):
    caplog.set_level("DEBUG")
    path = f"{NOTIFICATIONS}?{query.format(pair['access'])}"
    async with websocket(path, origin=origin) as socket:
        error = await socket.next()
        message = await socket.receive_output()

    assert (error["type"], error["code"]) == ("error", "login_required")
    assert error["ticket"] == TICKET
    assert (message["type"], message["code"]) == ("websocket.close", 4401)
    assert "ticket.<value>" in message["reason"]
    assert len(message["reason"].encode()) <= 123
    assert pair["access"] not in caplog.text


async def test_token_in_an_address_is_accepted_where_it_is_allowed(
    alice, pair, websocket, settings, caplog
):
    caplog.set_level("DEBUG")
    settings.SOCKET_TOKEN_IN_URL = True
    path = f"{NOTIFICATIONS}?token={pair['access']}"
    with pytest.raises(Refused):
        async with websocket(path, origin="https://other.example"):
            pass
    async with websocket(path, origin=None) as socket:
        assert (await socket.next())["type"] == "snapshot"
        assert pair["access"].encode() not in socket.scope["query_string"]
        await sync_to_async(end_log_in)(user=alice, refresh=pair["refresh"])
        assert await socket.closed() == 4401
    async with websocket(path, origin=None) as socket:
        assert await socket.closed() == 4401
    assert pair["access"] not in caplog.text


@pytest.mark.parametrize("kind", ["refresh", "forged", "key", "", "\udcff"])
async def test_anything_but_an_access_token_is_refused_in_an_address(
    alice, pair, websocket, settings, kind
):
    settings.SOCKET_TOKEN_IN_URL = True
    secret = await sync_to_async(create_key)(
        user=alice, name="x", scopes=["read"], days=1, at=timezone.now()
    )
    token = {"forged": f"{pair['access']}x", "key": secret[1], "\udcff": "%ff"}.get(
        kind, pair.get(kind, "")
    )
    for path in (f"{NOTIFICATIONS}?token={token}", f"/ws/stock/track/?token={token}"):
        async with websocket(path, origin=None) as socket:
            assert await socket.closed() == 4401
