"""A stub of the sources' streamers: prices of the subscribed symbols, or a selected fault."""

import asyncio
import json
import threading
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from mainapp.market.streams.pricing import pricing_definition

FLOOD_A_SECOND = 10_000
FLOOD_STEP_S = 0.01


def yahoo_message(name: str, price: float, at_ms: int, **fields: Any) -> str:
    """Return a message of Yahoo's streamer."""
    data = pricing_definition()[0](id=name, price=price, time=at_ms, currency="BRL", **fields)
    return json.dumps(
        {"type": "pricing", "message": b64encode(data.SerializeToString()).decode("ascii")}
    )


def binance_message(name: str, price: float, at_ms: int, **fields: Any) -> str:
    """Return a 24 h ticker of Binance."""
    text = f"{price:.8f}"
    data = {"e": "24hrMiniTicker", "E": at_ms, "s": name, "c": text, "o": text, "h": text}
    data |= {"l": text, "v": "1.5", "q": "100"} | fields
    return json.dumps({"stream": f"{name.lower()}@miniTicker", "data": data})


class Client:
    """A connection to the stub, with the names that it has subscribed to."""

    def __init__(self, socket: ServerConnection, number: int) -> None:
        self.socket, self.number = socket, number
        self.names: set[str] = set()
        self.opened_at = time.monotonic()
        self.ended_at: float | None = None
        self.is_ending = False
        self.received: list[tuple[float, str]] = []


class StubStreamer:
    """The stub server.

    Tests set `fault`, `prices` and `period_s`, and read `clients`, `attempts` and `sent`. The fault
    holds for all connections from the next price on; `refused` for new ones.
    """

    def __init__(self, source: str = "yahoo", host: str = "127.0.0.1") -> None:
        self.source, self.host = source, host
        self._fault, self._fault_at = "", 0.0
        self.prices: dict[str, float] = {}
        self.period_s = 0.2
        self.lag_s: Callable[[Client], float] = lambda _client: 0.0  # the age of the prices
        self.retry_after = ""
        self.fields: dict[str, Any] = {"change": 0.21} if source == "yahoo" else {}
        self.price_of: Callable[[Client, str, int], float] = lambda _client, name, number: round(
            self.prices.get(name, 38.42) + number % 7 / 100, 2
        )
        self.clients: list[Client] = []
        self.attempts: list[float] = []
        self.sent: set[tuple[str, float]] = set()  # the prices that may be shown
        self.url = ""

    @property
    def fault(self) -> str:
        return self._fault

    @fault.setter
    def fault(self, name: str) -> None:
        self._fault, self._fault_at = name, time.monotonic()

    @property
    def open_clients(self) -> list[Client]:
        return [client for client in self.clients if client.ended_at is None]

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[StubStreamer]":
        server: Server
        async with serve(
            self._serve, self.host, 0, process_request=self._admit, ping_interval=None
        ) as server:
            self.url = f"ws://{self.host}:{next(iter(server.sockets)).getsockname()[1]}"
            yield self
            for client in self.open_clients:
                client.socket.transport.abort()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.attempts.append(time.monotonic())
        if self.fault != "refused":
            return None
        status = HTTPStatus.TOO_MANY_REQUESTS if self.retry_after else HTTPStatus.FORBIDDEN
        response = connection.respond(status, "no\n")
        if self.retry_after:
            response.headers["Retry-After"] = self.retry_after
        return response

    async def _serve(self, socket: ServerConnection) -> None:
        client = Client(socket, len(self.clients))
        assert socket.request
        query = parse_qs(urlsplit(socket.request.path).query)
        for stream in query.get("streams", [""])[0].split("/"):
            client.names |= {stream.partition("@")[0].upper()} - {""}
        self.clients.append(client)
        sending = asyncio.create_task(self._send(client))
        with suppress(ConnectionClosed):
            async for raw in socket:
                client.received.append((time.monotonic(), str(raw)))
                await self._answer(client, json.loads(raw))
        client.ended_at = time.monotonic()
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionClosed):
            await sending

    async def _answer(self, client: Client, request: dict[str, Any]) -> None:
        if self.source == "yahoo":
            client.names |= set(request.get("subscribe", ()))
            client.names -= set(request.get("unsubscribe", ()))
            return
        names = {param.partition("@")[0].upper() for param in request["params"]}
        is_more = request["method"] == "SUBSCRIBE"
        client.names = client.names | names if is_more else client.names - names
        await client.socket.send(json.dumps({"result": None, "id": request["id"]}))

    # Prices and faults -------------------------------------------------------------------------

    async def _send(self, client: Client) -> None:
        number = 0
        while True:
            number += 1
            act = getattr(self, f"_{self.fault}", self._prices) if self.fault else self._prices
            await act(client, number)
            await asyncio.sleep(FLOOD_STEP_S if self.fault == "flood" else self.period_s)

    async def _prices(self, client: Client, number: int, *, age_s: float = 0.0) -> None:
        for name in sorted(client.names):
            await self._price(client, name, number, age_s=age_s)

    async def _price(
        self, client: Client, name: str, number: int, *, age_s: float = 0.0, times: int = 1
    ) -> None:
        price = self.price_of(client, name, number)
        at_ms = int((time.time() - self.lag_s(client) - age_s) * 1000)
        self.sent.add((name, price))
        for _ in range(times):
            await client.socket.send(self._message(name, price, at_ms))

    def _message(self, name: str, price: float, at_ms: int) -> str:
        form = yahoo_message if self.source == "yahoo" else binance_message
        return form(name, price, at_ms, **self.fields)

    async def _refused(self, client: Client, number: int) -> None:
        await client.socket.close(1013)

    async def _silence(self, client: Client, number: int) -> None:
        pass

    async def _half_open(self, client: Client, number: int) -> None:
        client.socket.transport.pause_reading()

    async def _garbage(self, client: Client, number: int) -> None:
        """Send what no one documents, and prices far from all others."""
        for text in ("", "{", "[]", '{"type":"pricing","message":"/w=="}', '{"id":"x"}', "null"):
            await client.socket.send(text)
        await client.socket.send(b"\xff\xfe")
        for name in sorted(client.names):
            wild = round(self.prices.get(name, 38.42) * 1000 + number, 2)
            await client.socket.send(self._message(name, wild, int(time.time() * 1000)))
            for price in (float("nan"), -1.0, 0.0, float("inf")):
                await client.socket.send(self._message(name, price, int(time.time() * 1000)))
        await self._prices(client, number)

    async def _duplicates(self, client: Client, number: int) -> None:
        for name in sorted(client.names):
            await self._price(client, name, number, times=20)

    async def _out_of_order(self, client: Client, number: int) -> None:
        """Send each price, then three that are older, and one of the future."""
        for name in sorted(client.names):
            await self._price(client, name, number)
            for age_s in (1.0, 5.0, 60.0, -3600.0):
                old = round(self.price_of(client, name, number) - 0.5 - number / 1e4, 4)
                at_ms = int((time.time() - self.lag_s(client) - age_s) * 1000)
                await client.socket.send(self._message(name, old, at_ms))

    async def _wrong_symbol(self, client: Client, number: int) -> None:
        await client.socket.send(self._message("AAPL", 230.0, int(time.time() * 1000)))
        await self._prices(client, number)

    async def _day_end(self, client: Client, number: int) -> None:
        """Close the connections that were open when the fault began, as after 24 hours."""
        if client.opened_at < self._fault_at:
            await client.socket.close(1001)
        await self._prices(client, number)

    async def _ended(self, client: Client, number: int) -> None:
        """Close each connection after its first prices."""
        if client.names:
            await self._prices(client, number)
            await client.socket.close(1000)

    async def _shutdown(self, client: Client, number: int) -> None:
        """Announce the end of the connections that were open, which go on for now."""
        if client.opened_at < self._fault_at and not client.is_ending:
            client.is_ending = True
            await client.socket.send(json.dumps({"data": {"e": "serverShutdown", "E": 1}}))
        await self._prices(client, number)

    async def _flood(self, client: Client, number: int) -> None:
        """Write a hundredth of a second's messages at once: their sending would cost a core."""
        names, frames, at_ms = sorted(client.names), [], int(time.time() * 1000)
        for index in range(int(FLOOD_A_SECOND * FLOOD_STEP_S) if names else 0):
            name = names[index % len(names)]
            price = self.price_of(client, name, number * 100 + index)
            self.sent.add((name, price))
            body = self._message(name, price, at_ms).encode()
            frames.append(b"\x81\x7e" + len(body).to_bytes(2, "big") + body)
        client.socket.transport.write(b"".join(frames))


@contextmanager
def streamer_in_thread(source: str = "yahoo", host: str = "127.0.0.1") -> Iterator[StubStreamer]:
    """Run a stub in a thread of its own, for other processes."""
    stub, ready, loop = StubStreamer(source, host), threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def run() -> None:
        async with stub.running():
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[run()], daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield stub
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
