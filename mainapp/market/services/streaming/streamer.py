"""The streamer: records the ticks of all streams in batches, while it holds the lease."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import redis
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from mainapp.core import processes
from mainapp.core.database import REQUEST_S, calls_limited
from mainapp.core.leases import Lease, LeaseLostError, acquire_lease
from mainapp.core.redis import client
from mainapp.market import watch
from mainapp.market.board import STREAMER
from mainapp.market.quotes import Quote
from mainapp.market.services.streaming.batches import record_pushed
from mainapp.market.services.streaming.given_symbols import GivenSymbols
from mainapp.market.services.updating import reached_ns
from mainapp.market.streams.base import QuoteStream, Tick, WantedSymbols
from mainapp.market.streams.pending import PendingTicks
from mainapp.market.streams.redis_state import write_streaming

logger = logging.getLogger(__name__)

BATCH_S = 0.25
RENEW_S = 0.5
WANTED_S = 1.0
NEEDED_EVERY = 5  # updates of the wanted symbols, because the needed ones cost queries
ACQUIRE_S = 0.5
STOP_S = 2.0
PAUSE_S = 1.0  # after a failure of Redis or the database

Result = TypeVar("Result")
OUTAGES = (redis.RedisError, DatabaseError)


class Streamer:
    """The streamer of one process: it waits for the lease, and streams while it holds it.

    Everything that it writes carries the lease: see `Lease`. The database is used on one thread,
    Redis on others, so that neither delays the connections' pings.
    """

    def __init__(self, streams: Sequence[QuoteStream]) -> None:
        self._streams = {stream.name: stream for stream in streams}
        self._wanted = {name: WantedSymbols() for name in self._streams}
        self._needed: set[str] = set()
        self._pending = PendingTicks()
        self._given = GivenSymbols()
        self._database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stream-database")

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set."""
        processes.counters["stream_ticks"] = self._counter("ticks")
        processes.counters["stream_connections"] = self._counter("connections")
        try:
            while not stop.is_set():
                lease = await self._acquire(stop)
                if lease is not None:
                    logger.info("streaming %s", ", ".join(self._streams))
                    await self._run_with_lease(lease, stop)
        finally:
            self._database.shutdown(wait=True, cancel_futures=True)

    def _counter(self, name: str) -> processes.Read:
        return lambda: {(each.name,): getattr(each.state, name) for each in self._streams.values()}

    async def _acquire(self, stop: asyncio.Event) -> Lease | None:
        """Wait for the lease; return None when `stop` is set."""
        while not stop.is_set():
            pause_s = ACQUIRE_S
            try:
                if lease := await self._in_database(partial(acquire_lease, STREAMER)):
                    return lease
            except OUTAGES as error:
                logger.warning("stream: waits for the lease: %s", error)
                pause_s = PAUSE_S
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
        return None

    async def _run_with_lease(self, lease: Lease, stop: asyncio.Event) -> None:
        """Stream until the lease is lost or `stop` is set."""
        self._pending, self._given = PendingTicks(), GivenSymbols()
        coroutines: list[Coroutine[Any, Any, object]] = [
            *(self._run_stream(stream) for stream in self._streams.values()),
            self._renew(lease),
            self._update_wanted(),
            self._record(lease),
            self._write_state(lease),
            stop.wait(),
        ]
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except LeaseLostError:
            logger.warning("stream: another process has the lease")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(redis.RedisError, TimeoutError):
                # A batch that is being committed still needs the lease for the board.
                await asyncio.wait_for(self._in_database(lambda: None), STOP_S)
                await asyncio.to_thread(lease.release)

    async def _run_stream(self, stream: QuoteStream) -> None:
        deliver: Callable[[Tick], None] = partial(self._pending.put, stream.name)
        await stream.run(self._wanted[stream.name], deliver)

    async def _renew(self, lease: Lease) -> None:
        """Renew the lease. Raises: LeaseLostError, also after an outage as long as the lease."""
        renewed_at = monotonic()
        while True:
            began_at = monotonic()
            try:
                await asyncio.to_thread(lease.renew)
                renewed_at = began_at
            except redis.RedisError as error:
                if monotonic() - renewed_at > STREAMER.lease_ms / 1000:
                    raise LeaseLostError from error
            await asyncio.sleep(RENEW_S)

    async def _update_wanted(self) -> None:
        """Give each stream the watched symbols that no earlier stream can give."""
        updates = 0
        while True:
            try:
                if updates % NEEDED_EVERY == 0:
                    self._needed = await self._in_database(watch.needed_symbols)
                watched = await asyncio.to_thread(watch.watched_symbols, client())
                self._assign_symbols(watched | self._needed)
                updates += 1
            except OUTAGES as error:
                logger.warning("stream: the wanted symbols are unknown: %s", error)
            await asyncio.sleep(WANTED_S)

    def _assign_symbols(self, symbols: set[str]) -> None:
        self._given.forget_unwanted(symbols)
        remaining = symbols
        for name, stream in self._streams.items():
            possible = {symbol for symbol in remaining if stream.can_give(symbol)}
            self._wanted[name].set(possible)
            remaining = remaining - possible

    async def _record(self, lease: Lease) -> None:
        """Record the newest ticks, at most every BATCH_S. Raises: LeaseLostError."""
        while True:
            ticks = await self._pending.pop_all()
            began_at = monotonic()
            try:
                await self._record_batch([tick.build() for tick in ticks], lease)
            except OUTAGES as error:
                logger.warning("stream: %d quotes were not recorded: %s", len(ticks), error)
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(max(0.0, began_at + BATCH_S - monotonic()))

    async def _record_batch(self, quotes: Sequence[Quote], lease: Lease) -> None:
        compared = self._given.symbols_to_compare()
        if compared:
            self._given.note_polls(await asyncio.to_thread(reached_ns, compared))
        record = partial(record_pushed, quotes=quotes, lease=lease, at=timezone.now())
        self._given.note_newer(await self._in_database(record))

    async def _write_state(self, lease: Lease) -> None:
        """Publish the given symbols and the streams' states. Raises: LeaseLostError."""
        while True:
            states = [stream.state for stream in self._streams.values()]
            given_ms = self._given.remaining_ms(states)
            counts = self._given.counts()
            for state in states:
                state.wanted = len(self._wanted[state.name].symbols)
                state.given = counts[state.name]
            write = partial(write_streaming, holder=lease.holder, given_ms=given_ms, states=states)
            with suppress(redis.RedisError):
                if not await asyncio.to_thread(write):
                    raise LeaseLostError
            await asyncio.sleep(RENEW_S)

    async def _in_database(self, work: Callable[[], Result]) -> Result:
        """Run `work` on the database's thread, where its connection stays open."""

        def run() -> Result:
            try:
                with calls_limited(REQUEST_S):
                    return work()
            except DatabaseError:
                close_old_connections()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._database, run)
