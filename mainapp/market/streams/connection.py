"""One connection of a stream: its subscriptions, its prices, and the detection of silence."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from mainapp.market.providers.base import Fault
from mainapp.market.streams.backoff import RollingLimit
from mainapp.market.streams.base import StreamError, StreamState, Tick, WantedSymbols
from mainapp.market.streams.wires import MalformedMessage, Message, Price, Wire

MAX_MESSAGE_BYTES = 64 * 1024
MESSAGES_A_SECOND = 4
NAMES_A_MESSAGE = 200
FAULTS: dict[int, Fault] = {401: "unauthorized", 403: "unauthorized", 418: "rate_limited"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The waits of a stream, in seconds."""

    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    steady_s: float = 30.0  # after a connection of this length the pauses start from the first one
    open_s: float = 5.0
    close_s: float = 1.0
    ping_s: float = 15.0
    repeat_s: float = 15.0  # Yahoo stops sending unless subscriptions are repeated
    first_price_s: float = 60.0
    shortest_silence_s: float = 15.0
    longest_silence_s: float = 60.0
    silent_pauses: float = 8.0  # a connection is silent after this many of its usual pauses


class Connection:
    """A connection that ends with a StreamError, or when it is cancelled.

    `live` is set by the first price, `leaving` when its successor should be opened.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        url: str,
        proxy: str,
        periods: Periods,
        wanted: WantedSymbols,
        deliver: Callable[[Tick], None],
        state: StreamState,
    ) -> None:
        self.live, self.leaving = asyncio.Event(), asyncio.Event()
        self._wire, self._url, self._proxy, self._periods = wire, url, proxy, periods
        self._wanted, self._deliver, self._state = wanted, deliver, state
        self._names: dict[str, list[str]] = {}
        self._mapped: frozenset[str] | None = None
        self._sent: set[str] = set()
        self._confirmed: set[str] = set()
        self._unanswered: dict[int, list[str]] = {}
        self._number = 0
        self._limit = RollingLimit(MESSAGES_A_SECOND, period_s=1.0)
        self._opened_at = self._priced_at = 0.0
        self._usual_pause_s = 0.0

    async def run(self) -> None:
        """Run the connection. Raises: StreamError."""
        names = sorted(self._source_names())
        address, count = self._wire.address(self._url, names)
        self._sent.update(names[:count])
        async with self._open(address) as socket:
            self._opened_at = self._priced_at = monotonic()
            self._state.connected_at = datetime.now(UTC)
            coroutines = [self._read(socket), self._subscribe(socket), self._watch()]
            tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
            try:
                done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def was_steady(self) -> bool:
        """Return whether prices arrived for long enough to count as a success."""
        return self.live.is_set() and self._priced_at - self._opened_at >= self._periods.steady_s

    @asynccontextmanager
    async def _open(self, address: str) -> AsyncIterator[ClientConnection]:
        try:
            async with connect(
                address,
                open_timeout=self._periods.open_s,
                ping_interval=self._periods.ping_s,
                ping_timeout=self._periods.ping_s,
                close_timeout=self._periods.close_s,
                max_size=MAX_MESSAGE_BYTES,
                compression=None,
                proxy=self._proxy or None,
            ) as socket:
                yield socket
        except InvalidStatus as error:
            raise _refusal(error) from error
        except TimeoutError as error:
            raise StreamError("no answer in time", fault="timeout") from error
        except (InvalidHandshake, InvalidURI, ProxyError, OSError) as error:
            raise StreamError(f"no connection: {error}", fault="unreachable") from error
        except ConnectionClosed as error:
            raise StreamError(f"closed: {error}", fault="unreachable") from error

    # Reading -----------------------------------------------------------------------------------

    async def _read(self, socket: ClientConnection) -> None:
        async for raw in socket:
            try:
                message = self._wire.parse(raw)
            except MalformedMessage:
                self._state.malformed += 1
                continue
            self._handle(message)
        raise StreamError("closed by the source", fault="unreachable")

    def _handle(self, message: Message) -> None:
        if message.is_ending:
            self.leaving.set()
        if message.answered is not None:
            self._confirmed.update(self._unanswered.pop(message.answered, ()))
        for price in message.prices:
            self._deliver_price(price)

    def _deliver_price(self, price: Price) -> None:
        self._map_names()
        symbols = self._names.get(price.source_symbol)
        if symbols is None:
            self._state.unwanted += 1
            return
        self._note_price(price.source_symbol)
        for symbol in symbols:
            build = partial(self._wire.to_quote, price, symbol)
            self._deliver(Tick(symbol, price.at_ms, build))

    def _note_price(self, name: str) -> None:
        now = monotonic()
        if self.live.is_set():
            pause = now - self._priced_at
            self._usual_pause_s += (pause - self._usual_pause_s) / 8
        self._priced_at = now
        self._confirmed.add(name)
        self.live.set()
        self._state.ticks += 1
        self._state.status = "live"
        self._state.last_tick_at = datetime.now(UTC)

    # Silence and the planned end ---------------------------------------------------------------

    async def _watch(self) -> None:
        """End the connection when prices stop, whatever else arrives; set `leaving` in time."""
        while True:
            silence_left_s = self._priced_at + self._allowed_silence_s() - monotonic()
            if silence_left_s <= 0:
                self._state.status = "silent"
                raise StreamError("no price for too long", fault="timeout")
            if monotonic() >= self._opened_at + self._wire.lifetime_s:
                self.leaving.set()
            await asyncio.sleep(max(0.01, min(silence_left_s, 1.0)))

    def _allowed_silence_s(self) -> float:
        periods = self._periods
        if not self.live.is_set():
            return periods.first_price_s
        usual = periods.silent_pauses * self._usual_pause_s
        return min(max(usual, periods.shortest_silence_s), periods.longest_silence_s)

    # Subscriptions -----------------------------------------------------------------------------

    async def _subscribe(self, socket: ClientConnection) -> None:
        """Keep the subscriptions equal to the wanted symbols; repeat unconfirmed ones."""
        while True:
            names = self._source_names()
            await self._request(socket, self._wire.unsubscribe, self._sent - names)
            await self._request(socket, self._wire.subscribe, names - self._sent)
            self._sent = set(names)
            self._confirmed &= names
            try:
                async with asyncio.timeout(self._periods.repeat_s):
                    while self._source_names() == names:
                        await self._wanted.change()
            except TimeoutError:
                self._sent -= names if self._wire.repeats_all else names - self._confirmed

    async def _request(
        self, socket: ClientConnection, build: Callable[..., str], names: Iterable[str]
    ) -> None:
        ordered = sorted(names)
        for start in range(0, len(ordered), NAMES_A_MESSAGE):
            chunk = ordered[start : start + NAMES_A_MESSAGE]
            self._number += 1
            # Only the newest requests: Yahoo answers none.
            self._unanswered = {self._number: chunk} | dict(list(self._unanswered.items())[:8])
            await self._limit.wait()
            await socket.send(build(chunk, self._number))

    def _source_names(self) -> set[str]:
        """Return the source's names of the wanted symbols."""
        self._map_names()
        return set(self._names)

    def _map_names(self) -> None:
        """Map the source's names to the wanted symbols, if those have changed."""
        if self._mapped is self._wanted.symbols:
            return
        self._mapped = self._wanted.symbols
        self._names = {}
        for symbol in self._mapped:
            if name := self._wire.source_symbol(symbol):
                self._names.setdefault(name, []).append(symbol)


def _refusal(error: InvalidStatus) -> StreamError:
    status = error.response.status_code
    fault: Fault = "server_error" if status >= 500 else FAULTS.get(status, "refused")
    if status == 429:
        fault = "rate_limited"
    after = error.response.headers.get("Retry-After", "")
    return StreamError(
        f"refused the connection ({status})",
        fault=fault,
        retry_after=float(after) if after.isdecimal() else 0.0,
    )
