"""The server's WebSocket protocol: clients that stop reading, floods, and closing."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.rig.attacker import CONTINUATION, PING, PONG, TEXT, frame
from mainapp.core.realtime.writer import SocketWriter, try_send_of
from project.listener import listen
from project.receiving import (
    MAX_FRAGMENTS,
    MAX_FRAMES,
    MAX_QUEUED,
    MAX_TINY_FRAGMENTS,
    SLICE_BYTES,
)
from project.websockets import HIGH_WATER_BYTES, KERNEL_BUFFER_BYTES, QuoteSocketProtocol

FRAME = b"x" * 1024
UPGRADE = (
    b"GET /flood HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"


class Flood:
    """An application that sends endlessly at /flood and counts the bytes that were accepted."""

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
async def running_server(application, **options):
    """Serve on a free port; yield the server and its port."""
    config = uvicorn.Config(
        application, ws=QuoteSocketProtocol, lifespan="off", timeout_graceful_shutdown=1, **options
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
    """Return a client that reads nothing, once every buffer between it and /flood is full."""
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
    async def run_clients():
        flood = Flood()
        async with running_server(flood) as (_, port):
            with await stall(port, flood):
                return flood.sent

    # The kernel doubles the requested size; the client's buffer takes a few KiB more.
    assert 0 < asyncio.run(run_clients()) <= HIGH_WATER_BYTES + 2 * KERNEL_BUFFER_BYTES + 16 * 1024


def test_closing_client_that_does_not_read_does_not_delay_the_shutdown():
    async def run_clients():
        flood = Flood()
        async with (
            running_server(flood) as (server, port),
            connect(f"ws://127.0.0.1:{port}/", compression=None) as other,
        ):
            with await stall(port, flood) as stalled:
                stalled.sendall(CLOSE)
                await asyncio.sleep(0.1)
                server.should_exit = True
                with contextlib.suppress(ConnectionClosed):
                    await asyncio.wait_for(other.recv(), 5)
                return other.close_code

    assert asyncio.run(run_clients()) == 1012


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

    async def run_clients():
        async with running_server(application) as (_, port):
            url = f"ws://127.0.0.1:{port}/"
            async with connect(url, compression=compression, proxy=None) as client:
                return [await client.recv(), await client.recv()]

    assert asyncio.run(run_clients()) == [text, "end"]


def test_frame_is_sent_in_place_until_the_client_stops_reading_or_leaves():
    async def run_clients():
        outcomes: dict[str, bool | int] = {}
        closed = asyncio.Event()

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

        async with running_server(application) as (_, port):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(UPGRADE)
            while "frames" not in outcomes:
                await asyncio.sleep(0.01)
            client.close()
            await asyncio.wait_for(closed.wait(), 5)
        return outcomes

    outcomes = asyncio.run(run_clients())

    limit = HIGH_WATER_BYTES + 2 * KERNEL_BUFFER_BYTES + 16 * 1024
    assert 0 < outcomes.pop("frames") * len(FRAME) <= limit
    assert outcomes == {"before it is accepted": False, "at first": True, "after it left": False}


def test_invalid_handshake_is_disconnected():
    async def run_clients():
        async with running_server(Flood()) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(UPGRADE.replace(b"Host", b"X: " + b"x" * 200_000 + b"\r\nHost"))
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return answer

    assert asyncio.run(run_clients()) == b""


# Hostile clients -----------------------------------------------------------------------------


class Reader:
    """An application that reads every message and records the code of the close."""

    def __init__(self):
        self.texts = []
        self.is_ended = asyncio.Event()
        self.code = None

    async def __call__(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.texts.append(message.get("text"))
        self.code = message["code"]
        self.is_ended.set()


async def open_socket(port):
    """Open a socket and return its streams."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def send_to_reader(data, *, patience_s=5):
    """Send bytes to a Reader; return it, and the code of the close frame sent to the client."""

    async def run_clients():
        application = Reader()
        async with running_server(application) as (_, port):
            reader, writer = await open_socket(port)
            writer.write(data)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(application.is_ended.wait(), patience_s)
            answer = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                while part := await asyncio.wait_for(reader.read(65536), 2):
                    answer += part
            writer.close()
        at = answer.rfind(b"\x88\x02")
        return application, int.from_bytes(answer[at + 2 : at + 4], "big") if at >= 0 else None

    return asyncio.run(run_clients())


BEGIN = frame(TEXT, b"x", fin=False)
LONG = b"x" * 1024


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(PING) * (MAX_FRAMES + 1), 4408),
        (frame(PING, b"x" * 125) * (MAX_FRAMES + 1), 4408),
        (frame(PONG) * (MAX_FRAMES + 1), 4408),
        (BEGIN + frame(CONTINUATION, fin=False) * MAX_TINY_FRAGMENTS, 1008),
        (BEGIN + frame(CONTINUATION, b"x", fin=False) * MAX_TINY_FRAGMENTS, 1008),
        (BEGIN + frame(CONTINUATION, LONG, fin=False) * MAX_FRAGMENTS, 1008),
        ((BEGIN + frame(CONTINUATION, b"x")) * (MAX_FRAMES + 1), 4408),
        (frame(TEXT, b"x" * 1_048_000) * 2, 4408),
        (frame(PING) * 100_000, 4408),
    ],
    ids=["pings", "long pings", "pongs", "empty", "tiny", "long", "split", "bytes", "all at once"],
)
def test_flood_is_closed_and_the_application_is_notified(data, code):
    application, close_code = send_to_reader(data)

    assert application.code == close_code == code


def test_control_and_continuation_frames_below_the_limit_pass():
    message = frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"}")
    data = frame(PING) * 200 + message * 200 + frame(PONG) * 100

    application, close_code = send_to_reader(data + CLOSE)

    assert application.texts == ["{}"] * 200
    assert application.code == close_code == 1000


@pytest.mark.parametrize(
    ("part", "count"), [(b"x", MAX_TINY_FRAGMENTS - 1), (LONG, MAX_FRAGMENTS - 1)]
)
def test_message_of_the_most_fragments_arrives(part, count):
    fragments = frame(CONTINUATION, part, fin=False) * (count - 1) + frame(CONTINUATION, part)

    application, close_code = send_to_reader(BEGIN + fragments + CLOSE)

    assert application.texts == ["x" + part.decode() * count]
    assert close_code == 1000


def test_message_of_the_longest_length_arrives():
    application, close_code = send_to_reader(frame(TEXT, b"x" * 1024 * 1024) + CLOSE)

    assert [len(text) for text in application.texts] == [1024 * 1024]
    assert close_code == 1000


def test_every_message_of_a_burst_arrives_in_order():
    texts = [str(n) for n in range(5000)]

    application, _ = send_to_reader(b"".join(frame(TEXT, text.encode()) for text in texts) + CLOSE)

    assert application.texts == texts
    assert application.code == 1000


def test_unread_messages_are_not_parsed():
    class Sleeper:
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            await asyncio.Event().wait()

    async def run_clients():
        async with running_server(Sleeper()) as (server, port):
            _, writer = await open_socket(port)
            writer.write(frame(TEXT, b"x" * 10) * 100_000)
            (protocol,) = server.server_state.connections
            while not protocol.queue.qsize():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            sizes = protocol.queue.qsize(), len(protocol._unparsed), protocol.read_paused
            writer.close()
            return sizes

    queued, unparsed, is_paused = asyncio.run(run_clients())
    # One slice may hold more messages than the queue has places left.
    assert queued < MAX_QUEUED + SLICE_BYTES
    assert unparsed <= 256 * 1024
    assert is_paused


def test_only_the_latest_pong_waits_for_a_client_that_does_not_read():
    async def run_clients():
        flood = Flood()
        async with running_server(flood) as (server, port):
            with await stall(port, flood) as client:
                (protocol,) = server.server_state.connections
                before = protocol.transport.get_write_buffer_size()
                for n in range(300):
                    client.sendall(frame(PING, b"%d" % n))
                async with asyncio.timeout(5):
                    while protocol._pending_pong != b"\x8a\x03299":
                        await asyncio.sleep(0.01)
                return protocol.transport.get_write_buffer_size() - before

    assert asyncio.run(run_clients()) == 0


def test_client_that_never_reads_is_reset_after_its_own_close():
    async def run_clients():
        flood = Flood()
        async with running_server(flood) as (server, port):
            with await stall(port, flood) as client:
                client.sendall(CLOSE)
                async with asyncio.timeout(5):
                    while server.server_state.connections:
                        await asyncio.sleep(0.02)

    asyncio.run(run_clients())


def test_client_that_never_reads_is_reset_after_the_applications_close():
    class Closer:
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            send.__self__.close_timeout = 0.2
            while send.__self__.transport.get_write_buffer_size() == 0:
                await send({"type": "websocket.send", "bytes": FRAME})
            await send({"type": "websocket.close", "code": 4401})
            while (await receive())["type"] != "websocket.disconnect":
                continue

    async def run_clients():
        async with running_server(Closer()) as (server, port):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", port))
                client.sendall(UPGRADE)
                async with asyncio.timeout(5):
                    while not server.server_state.connections:
                        await asyncio.sleep(0.01)
                    while server.server_state.connections:
                        await asyncio.sleep(0.02)

    asyncio.run(run_clients())


def test_client_that_never_reads_is_reset_after_the_keepalive():
    async def run_clients():
        flood = Flood()
        async with running_server(flood, ws_ping_interval=0.3, ws_ping_timeout=0.3) as (
            server,
            port,
        ):
            with await stall(port, flood):
                async with asyncio.timeout(5):
                    while server.server_state.connections:
                        await asyncio.sleep(0.02)

    asyncio.run(run_clients())


def test_flood_after_the_applications_close_is_reset():
    class Closer:
        async def __call__(self, scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4401})
            while (await receive())["type"] != "websocket.disconnect":
                continue

    async def run_clients():
        async with running_server(Closer()) as (server, port):
            _, writer = await open_socket(port)
            writer.write(frame(TEXT, b"{}") * (MAX_FRAMES + 1))
            async with asyncio.timeout(5):  # uvicorn would continue to read for 10 s
                while server.server_state.connections:
                    await asyncio.sleep(0.02)
            writer.close()

    asyncio.run(run_clients())
