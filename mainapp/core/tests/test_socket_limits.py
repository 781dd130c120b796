import asyncio

import pytest

from conftest import Refused
from mainapp.core.limits.sockets import (
    OPENINGS_OF_ADDRESS,
    SocketLimitMiddleware,
    _open_sockets,
    limit_addresses,
    limit_users,
)

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/stock/track/"
EXTENSIONS = {"websocket.http.response": {}}


class Application:
    """Keeps each socket open until `ended` is set."""

    def __init__(self):
        self.entered = 0
        self.ended = asyncio.Event()

    async def __call__(self, scope, receive, send):
        self.entered += 1
        await self.ended.wait()


def scope_of(address="203.0.113.7", **more):
    return {"type": "websocket", "client": (address, 4711), "extensions": EXTENSIONS} | more


async def handshake(application, scope):
    """Return the messages sent in reply to a refused handshake."""
    sent = []

    async def send(message):
        sent.append(message)

    await application(scope, None, send)
    return sent


async def open_sockets(application, inner, count, **scope):
    """Open sockets that remain open; return their tasks."""
    tasks = [asyncio.create_task(application(scope_of(**scope), None, None)) for _ in range(count)]
    async with asyncio.timeout(5):
        while inner.entered < count:
            await asyncio.sleep(0.01)
    return tasks


async def close_sockets(inner, tasks):
    inner.ended.set()
    await asyncio.wait(tasks)


async def test_address_is_limited_to_its_open_sockets(settings):
    settings.SOCKETS_PER_ADDRESS = 3
    inner = Application()
    application = limit_addresses(inner)
    tasks = await open_sockets(application, inner, 3)

    start, body = await handshake(application, scope_of())

    assert (start["type"], start["status"]) == ("websocket.http.response.start", 429)
    assert start["headers"] == [(b"retry-after", b"30")]
    assert body == {"type": "websocket.http.response.body", "body": b""}
    assert inner.entered == 3
    await close_sockets(inner, tasks)
    assert not _open_sockets
    await handshake(application, scope_of())
    assert inner.entered == 4


async def test_network_of_an_ipv6_address_counts_as_one(settings):
    settings.SOCKETS_PER_ADDRESS = 1
    inner = Application()
    application = limit_addresses(inner)
    tasks = await open_sockets(application, inner, 1, address="2001:db8:1:2::1")

    refused = await handshake(application, scope_of("2001:db8:1:2:ffff::7"))

    assert refused[0]["status"] == 429
    await close_sockets(inner, tasks)
    assert await handshake(application, scope_of("2001:db8:1:3::1")) == []


async def test_openings_of_an_address_are_counted_across_processes(settings):
    settings.SOCKETS_A_MINUTE_ADDRESS = 2
    inner = Application()
    inner.ended.set()
    processes = [limit_addresses(inner) for _ in range(2)]

    answers = [await handshake(processes[n % 2], scope_of()) for n in range(4)]

    assert answers[:2] == [[], []]
    assert [answer[0]["status"] for answer in answers[2:]] == [429, 429]
    assert 50 < int(dict(answers[2][0]["headers"])[b"retry-after"]) <= 60


async def test_user_is_limited_across_addresses(settings, alice, bob):
    settings.SOCKETS_PER_USER = 2
    inner = Application()
    application = limit_users(inner)
    tasks = await open_sockets(application, inner, 2, user=alice)

    assert (await handshake(application, scope_of("192.0.2.1", user=alice)))[0]["status"] == 429
    await close_sockets(inner, tasks)
    assert await handshake(application, scope_of(user=bob)) == []


async def test_server_without_http_responses_closes_with_1013(settings):
    settings.SOCKETS_PER_ADDRESS = 0

    sent = await handshake(limit_addresses(Application()), scope_of(extensions={}))

    assert sent == [{"type": "websocket.close", "code": 1013}]


async def test_refusals_are_logged_once_a_minute(settings, caplog):
    settings.SOCKETS_PER_ADDRESS = 0
    application = limit_addresses(Application())

    for _ in range(5):
        await handshake(application, scope_of())

    (record,) = caplog.records
    assert "203.0.113.7; is it a proxy missing in TRUSTED_PROXIES?" in record.getMessage()


async def test_sockets_of_the_site_are_limited(settings, websocket, alice):
    settings.SOCKETS_PER_USER = 1
    async with websocket(PATH, alice) as socket:
        await socket.next("snapshot")
        with pytest.raises(Refused) as caught:
            async with websocket(PATH, alice):
                pass
        assert caught.value.code == 1013
    async with websocket(PATH, alice) as socket:
        await socket.next("snapshot")
    settings.SOCKETS_PER_ADDRESS = 0
    with pytest.raises(Refused):
        async with websocket(PATH):
            pass


async def test_sockets_without_a_key_are_not_limited():
    inner = Application()
    inner.ended.set()
    application = SocketLimitMiddleware(
        inner, key_of=lambda scope: None, openings=OPENINGS_OF_ADDRESS, maximum="nothing"
    )

    assert await handshake(application, scope_of()) == []
