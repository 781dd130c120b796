"""The Protocol of streams of quotes, and the types that they share."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from mainapp.market.kinds import QuoteKind
from mainapp.market.providers.base import Fault
from mainapp.market.quotes import Quote

StreamStatus = Literal[
    "idle",  # no symbol of this stream is wanted
    "connecting",
    "live",
    "silent",  # connected, but no quote arrives: the connection is being replaced
    "waiting",  # the pause after a failure
]


class StreamError(Exception):
    """A lost, refused or useless connection. `retry_after` is the pause that the source requests.

    Unlike a provider's error it never reaches the caller: a stream reconnects for ever.
    """

    def __init__(self, message: str, *, fault: Fault, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.fault = fault
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Tick:
    """A price as it arrived: `at_ms` is the source's time, `build` makes the quote.

    Only the newest of many ticks is built: decimals of 10,000 a second would cost a whole core.
    """

    symbol: str
    at_ms: int
    build: Callable[[], Quote]


@dataclass(slots=True)
class StreamState:
    """The state of a stream; it changes while the stream runs. Times are aware UTC."""

    name: str
    status: StreamStatus = "idle"
    connected_at: datetime | None = None
    last_tick_at: datetime | None = None
    last_fault: str = ""
    last_error: str = ""
    last_error_at: datetime | None = None
    wanted: int = 0  # symbols that it should give
    given: int = 0  # those of them that are not polled
    connections: int = 0
    ticks: int = 0
    malformed: int = 0  # messages that do not follow the documented format
    unwanted: int = 0  # prices of symbols that were not requested


class WantedSymbols:
    """The symbols that a stream should give; they outlive its connections."""

    def __init__(self, symbols: Collection[str] = ()) -> None:
        self.symbols = frozenset(symbols)
        self._changed = asyncio.Event()

    def set(self, symbols: Collection[str]) -> None:
        if self.symbols != (new := frozenset(symbols)):
            self.symbols = new
            self._changed.set()
            self._changed = asyncio.Event()

    async def change(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    async def any(self) -> None:
        """Wait until there is a symbol."""
        while not self.symbols:
            await self.change()


class QuoteStream(Protocol):
    """A source that pushes quotes: symbols in, ticks out."""

    name: str
    kind: QuoteKind
    state: StreamState

    def can_give(self, symbol: str) -> bool:
        """Return whether the source may have the symbol (B3's: PETR4, IBOV)."""

    async def run(self, wanted: WantedSymbols, deliver: Callable[[Tick], None]) -> None:
        """Deliver ticks of the wanted symbols until cancelled, and survive every failure.

        `deliver` never blocks. Ticks may be repeated and out of order.
        """
