"""A stream over WebSockets that replaces lost, silent and ending connections."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from mainapp.market.kinds import QuoteKind
from mainapp.market.streams.backoff import Backoff
from mainapp.market.streams.base import StreamError, StreamState, Tick, WantedSymbols
from mainapp.market.streams.connection import Connection, Periods
from mainapp.market.streams.wires import Wire

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    connection: Connection
    task: "asyncio.Task[None]"


class WebSocketStream:
    """A QuoteStream of one source.

    The wanted symbols outlive the connections; each new connection subscribes to all of them. A
    connection that will end is replaced first: it is closed after the first price on the new one.
    """

    kind: QuoteKind = "real"

    def __init__(
        self, wire: Wire, *, url: str, proxy: str = "", periods: Periods | None = None
    ) -> None:
        self.name = wire.name
        self.state = StreamState(wire.name)
        self._wire, self._url, self._proxy = wire, url, proxy
        self._periods = periods or Periods()
        self._backoff = Backoff(
            first_s=self._periods.first_pause_s, longest_s=self._periods.longest_pause_s
        )

    def can_give(self, symbol: str) -> bool:
        return self._wire.source_symbol(symbol) is not None

    async def run(self, wanted: WantedSymbols, deliver: Callable[[Tick], None]) -> None:
        previous: _Running | None = None
        current: _Running | None = None
        try:
            while True:
                if not wanted.symbols:
                    self.state.status = "idle"
                    await wanted.any()
                current = self._open(wanted, deliver)
                await _wait_for(current.task, current.connection.live)
                if current.connection.live.is_set():
                    await _end(previous)
                    previous = None
                    await _wait_for(current.task, current.connection.leaving)
                retry_after = self._note_end(current)
                if not current.task.done():
                    previous, current = current, None
                await self._pause(retry_after, previous)
        finally:
            await _end(current)
            await _end(previous)

    def _open(self, wanted: WantedSymbols, deliver: Callable[[Tick], None]) -> _Running:
        self.state.connections += 1
        self.state.status = "connecting"
        connection = Connection(
            self._wire,
            url=self._url,
            proxy=self._proxy,
            periods=self._periods,
            wanted=wanted,
            deliver=deliver,
            state=self.state,
        )
        task = asyncio.create_task(connection.run(), name=f"{self.name}-connection")
        return _Running(connection, task)

    def _note_end(self, ended: _Running) -> float:
        """Record why a connection ended or will end; return the pause that the source requests."""
        if ended.connection.was_steady():
            self._backoff.reset()
        if not ended.task.done():
            return 0.0
        error = ended.task.exception()
        if not isinstance(error, StreamError):
            if error is not None:
                raise error
            return 0.0
        self.state.last_fault, self.state.last_error = error.fault, str(error)
        self.state.last_error_at = datetime.now(UTC)
        logger.info("the stream of %s ended: %s", self.name, error)
        return error.retry_after

    async def _pause(self, retry_after: float, previous: _Running | None) -> None:
        if previous is None or previous.task.done():
            self.state.status = "waiting"
        await asyncio.sleep(self._backoff.pause_s(retry_after=retry_after))


async def _wait_for(task: "asyncio.Task[None]", event: asyncio.Event) -> None:
    """Wait for an event of a connection, or for the connection's end."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _end(running: _Running | None) -> None:
    """Close a connection. Its errors no longer matter."""
    if running is None:
        return
    running.task.cancel()
    with suppress(asyncio.CancelledError, StreamError):
        await running.task
