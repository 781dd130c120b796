"""The server's HTTP protocol: endless requests, unread responses, and too many connections."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn

from project import http_protocol
from project.http_protocol import MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED, BoundedRequests
from project.listener import listen
from project.serve import options
from project.websockets import QuoteSocketProtocol
from tests.ops.test_websockets import CLOSE, UPGRADE

START = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
BODY = START + b"Content-Length: 10\r\n\r\n"


async def send_pieces(scope, receive, send):
    """Respond with 64 pieces of 64 KiB."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(64):
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def read_body(scope, receive, send):
    """Respond once the whole body was received; accept sockets and read their messages."""
    message = await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            continue
        return
    while message["type"] == "http.request" and message["more_body"]:
        message = await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def running_server(application=read_body):
    config = uvicorn.Config(
        application,
        http=BoundedRequests,
        ws=QuoteSocketProtocol,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    listener = listen("127.0.0.1", 0)
    running = asyncio.create_task(server._serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def answer_to(port, *parts, every_s=0.0):
    """Send parts on one connection; return the response, None if it stays open without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await asyncio.sleep(every_s)
    try:
        return await asyncio.wait_for(reader.read(200), 0.5)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""
    finally:
        writer.close()


def answers(*requests, **options):
    async def run_clients():
        async with running_server() as port:
            return [await answer_to(port, *request, **options) for request in requests]

    return asyncio.run(run_clients())


@pytest.mark.parametrize(
    "start",
    [START + b"X: ", b"GET /", CHUNKED + b"X: ", START + b"Transfer-Encoding: chunked\r\n\r\n1;"],
    ids=["header", "path", "trailer", "chunk extension"],
)
def test_endless_head_is_refused(start):
    (answer,) = answers([start, b"x" * (MAX_HEAD_BYTES + 1)], every_s=0.02)

    assert answer is not None
    assert b" 204 " not in answer


def test_head_too_large_is_answered_with_431_and_a_large_body_is_read():
    size = 8 * MAX_HEAD_BYTES
    body = START + b"Content-Length: %d\r\n\r\n" % size + b"x" * size

    refused, accepted = answers([START, b"X: " + b"x" * MAX_HEAD_BYTES], [body])

    assert refused.startswith(b"HTTP/1.1 431 ")
    assert accepted.startswith(b"HTTP/1.1 204 ")


def test_many_headers_are_refused():
    few, many = answers(
        [START + b"X: 1\r\n" * (MAX_HEADERS - 1) + b"\r\n"],
        [START + b"X: 1\r\n" * MAX_HEADERS + b"\r\n"],
    )

    assert few.startswith(b"HTTP/1.1 204 ")
    assert many.startswith(b"HTTP/1.1 400 ")


def test_many_pipelined_requests_are_refused():
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    few, many = answers([request * (MAX_PIPELINED + 1)], [request * (MAX_PIPELINED + 2)])

    assert few.startswith(b"HTTP/1.1 204 ")
    assert many.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "part", [b"", b"\r\n", START, BODY, BODY + b"x", CHUNKED, BODY + b"x" * 10 + b"\r\n"]
)
def test_unfinished_request_is_closed(part, monkeypatch):
    monkeypatch.setattr(http_protocol, "UNFINISHED_S", 0.05)

    (answer,) = answers([part])

    assert answer is not None


def test_trickling_body_is_closed(monkeypatch):
    monkeypatch.setattr(http_protocol, "UNFINISHED_S", 0.1)

    trickle, chunks = answers(
        [BODY, *[b"x"] * 9], [CHUNKED[: CHUNKED.index(b"1")], *[b"1\r\nx\r\n"] * 9], every_s=0.03
    )

    assert (trickle, chunks) == (b"", b"")


def test_slow_body_and_a_socket_stay_open(monkeypatch):
    monkeypatch.setattr(http_protocol, "UNFINISHED_S", 0.1)
    monkeypatch.setattr(http_protocol, "MIN_BODY_BYTES", 2)

    async def run_clients():
        async with running_server() as port:
            slow = answer_to(port, BODY, *[b"x"] * 10, every_s=0.04)
            opened = answer_to(port, UPGRADE, CLOSE, every_s=0.2)
            return await asyncio.gather(slow, opened)

    slow, opened = asyncio.run(run_clients())
    assert slow.startswith(b"HTTP/1.1 204 ")
    assert opened.startswith(b"HTTP/1.1 101 ")
    assert opened.endswith(b"\x88\x02\x03\xe8")


async def unread_response(port):
    """Request a page; return the socket without reading from it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


def test_unread_response_is_reset(monkeypatch):
    monkeypatch.setattr(http_protocol, "UNREAD_S", 0.1)

    async def run_client():
        async with running_server(send_pieces) as port:
            client = await unread_response(port)
            await until(lambda: http_protocol.unread_bytes)
            await until(lambda: not http_protocol.open_connections)
            client.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            size = 0
            while piece := await reader.read(32768):
                size += len(piece)
                await asyncio.sleep(0.002)
            writer.close()
            return size

    assert asyncio.run(run_client()) > 64 * 65536
    assert http_protocol.unread_bytes == {}


def test_network_leaves_a_limited_number_of_bytes_unread(monkeypatch):
    monkeypatch.setattr(http_protocol, "MAX_UNREAD_BYTES", 3 * 65536)

    async def run_clients():
        async with running_server(send_pieces) as port:
            clients = [await unread_response(port) for _ in range(5)]
            await until(lambda: 0 < http_protocol.open_connections.total() < 5)
            await until(lambda: http_protocol.unread_bytes)
            left = http_protocol.unread_bytes.total()
            for client in clients:
                client.close()
            return left

    assert 0 < asyncio.run(run_clients()) <= 3 * 65536
    assert http_protocol.unread_bytes == {}


def test_server_uses_the_protocol():
    assert options()["http"] is BoundedRequests


def test_address_has_a_limited_number_of_connections_beside_its_sockets(settings):
    settings.SOCKETS_PER_ADDRESS = 2

    async def run_clients():
        async with running_server() as port:
            _, tab = await asyncio.open_connection("127.0.0.1", port)
            tab.write(UPGRADE)
            half = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            before = await answer_to(port, START + b"\r\n")
            for _, writer in [*half, (None, tab)]:
                writer.close()
            await asyncio.sleep(0.05)
            return before, await answer_to(port, START + b"\r\n")

    before, after = asyncio.run(run_clients())
    assert before == b""
    assert after.startswith(b"HTTP/1.1 204 ")
    assert http_protocol.open_connections == {}


def test_connection_accepted_before_a_stop_gets_its_response(monkeypatch):
    protocols = []
    monkeypatch.setattr(
        BoundedRequests, "_start_timer", lambda protocol: protocols.append(protocol)
    )

    async def stop_before_the_request():
        async with running_server() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while not protocols:
                await asyncio.sleep(0.001)
            protocols[0].shutdown()  # as uvicorn does when it stops
            writer.write(START + b"Content-Length: 0\r\n\r\n")
            response = await asyncio.wait_for(reader.read(), 1)
            writer.close()
            return response

    response = asyncio.run(stop_before_the_request())

    assert response.startswith(b"HTTP/1.1 204")
    assert b"connection: close" in response.lower()


def test_silent_connection_ends_with_a_stop():
    async def stop_without_a_request():
        async with running_server() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ended = await asyncio.wait_for(reader.read(), 1)
        writer.close()
        return ended

    assert asyncio.run(stop_without_a_request()) == b""
