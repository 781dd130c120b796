"""The server's own part of a socket: what a client that stops reading costs, and its end."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from mainapp.core.realtime.writer import SocketWriter, try_send_of
from project.listener import listen
from project.websockets import HIGH_WATER_BYTES, KERNEL_BUFFER_BYTES, QuoteSocketProtocol

FRAME = b"x" * 1024
UPGRADE = (
    b"GET /flood HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"


class Flood:
    """An application that sends without end at /flood, and counts what it got rid of."""

    def __init__(self):
        self.sent = 0

    async def __call__(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while scope["path"] == "/flood":
            await send({"type": "websocket.send", "bytes": FRAME})
            self.sent += len(FRAME)
        while (await receive())["type"] != "websocket.disconnect":
            continue


@contextlib.asynccontextmanager
async def served(application):
    """Serve on a free port; yield the server and its port."""
    config = uvicorn.Config(
        application, ws=QuoteSocketProtocol, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    running = asyncio.create_task(server._serve([listener]))
    try:
        yield server, port
    finally:
        server.should_exit = True
        await running


async def stall(port, application):
    """Return a client that asked for the flood and reads none of it, once it is full."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(UPGRADE)
    before = -1
    while application.sent != before or not before:
        before = application.sent
        await asyncio.sleep(0.1)
    return client


def test_client_that_stops_reading_costs_little():
    async def story():
        flood = Flood()
        async with served(flood) as (_, port):
            with await stall(port, flood):
                return flood.sent

    # The kernel doubles what it is asked for; the client's own buffer takes a few KiB.
    assert 0 < asyncio.run(story()) <= HIGH_WATER_BYTES + 2 * KERNEL_BUFFER_BYTES + 16 * 1024


def test_stalled_client_that_said_goodbye_holds_up_no_farewell():
    async def story():
        flood = Flood()
        async with (
            served(flood) as (server, port),
            connect(f"ws://127.0.0.1:{port}/", compression=None) as other,
        ):
            with await stall(port, flood) as stalled:
                stalled.sendall(CLOSE)
                await asyncio.sleep(0.1)
                server.should_exit = True
                with contextlib.suppress(ConnectionClosed):
                    await asyncio.wait_for(other.recv(), 5)
                return other.close_code

    assert asyncio.run(story()) == 1012


@pytest.mark.parametrize("text", ["x" * n for n in (0, 125, 126, 65_535, 65_536)] + ["ação" * 20])
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_text_of_every_length_arrives_whole(text, compression):
    async def application(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        writer = SocketWriter(send, try_send_of(scope))
        for part in (text, "end"):
            writer.write(part.encode())
            await writer.drained()
        while (await receive())["type"] != "websocket.disconnect":
            continue

    async def story():
        async with served(application) as (_, port):
            url = f"ws://127.0.0.1:{port}/"
            async with connect(url, compression=compression, proxy=None) as client:
                return [await client.recv(), await client.recv()]

    assert asyncio.run(story()) == [text, "end"]


def test_frame_is_sent_in_place_until_the_client_stops_reading_or_leaves():
    async def story():
        outcomes, closed = {}, asyncio.Event()

        async def application(scope, receive, send):
            try_send = try_send_of(scope)
            outcomes["before it is accepted"] = try_send(FRAME)
            await receive()
            await send({"type": "websocket.accept"})
            outcomes["at first"] = try_send(FRAME)
            outcomes["frames"] = 0
            while try_send(FRAME):
                outcomes["frames"] += 1
            while (await receive())["type"] != "websocket.disconnect":
                continue
            outcomes["after it left"] = try_send(FRAME)
            closed.set()

        async with served(application) as (_, port):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(UPGRADE)
            while "frames" not in outcomes:
                await asyncio.sleep(0.01)
            client.close()
            await asyncio.wait_for(closed.wait(), 5)
        return outcomes

    outcomes = asyncio.run(story())

    limit = HIGH_WATER_BYTES + 2 * KERNEL_BUFFER_BYTES + 16 * 1024
    assert 0 < outcomes.pop("frames") * len(FRAME) <= limit
    assert outcomes == {"before it is accepted": False, "at first": True, "after it left": False}


def test_handshake_that_is_none_is_hung_up_on():
    async def story():
        async with served(Flood()) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(UPGRADE.replace(b"Host", b"X: " + b"x" * 200_000 + b"\r\nHost"))
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return answer

    assert asyncio.run(story()) == b""
