"""The hub of quotes: receives batches and sends each socket its symbols."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import ClassVar
from uuid import uuid4

import redis
from django.conf import settings

from mainapp.core.realtime.hub import READY_S, Hub, Task
from mainapp.core.redis import async_client
from mainapp.market import events
from mainapp.market.board import BoardReader
from mainapp.market.fanout.broadcast import Broadcaster
from mainapp.market.fanout.feed import FeedWatch
from mainapp.market.fanout.prices import Prices
from mainapp.market.fanout.ranking import HomeRanking
from mainapp.market.fanout.subscribers import SubscriberRegistry
from mainapp.market.fanout.wanted import QuoteRequests, Wanted
from mainapp.market.watch import WatchLease

logger = logging.getLogger(__name__)

POLL_S = 0.5
# A batch is on the board shortly before its message arrives. Waiting for the message saves a read
# of the board, which takes 5-10 ms.
ARRIVAL_S = 0.05
TICK_S = 0.25
GATHER_S = 0.02
RENEW_S = 1.0


class QuoteFanout(Hub):
    """Sends numbered changes to sockets, and fills gaps in the numbers from the board.

    `request` is called on a thread to fetch symbols without a fresh quote. No database queries.
    """

    groups = (events.STOCK_TRACK, events.STOCK_CHAT, events.STOCK_LISTS)
    handlers: ClassVar = {
        "quotes.recorded": (events.QuotesRecorded, "apply_batch"),
        "chat.said": (events.ChatMessage, "send_chat"),
        "lists.changed": (events.ListsChanged, "send_lists_changed"),
    }

    def __init__(self, request: Callable[[list[str]], None]) -> None:
        super().__init__()
        self.redis = async_client()
        self.lease = WatchLease(uuid4().hex, client=self.redis)
        self.prices = Prices()
        self.feed_watch = FeedWatch()
        self.requests = QuoteRequests(request, prices=self.prices, started_at=self.now())
        self._wanted_changed = asyncio.Event()
        self.subscribers = SubscriberRegistry(
            wanted=Wanted(self.lease, is_fresh=self.requests.is_fresh),
            ranking=HomeRanking(self.prices),
            wake_up=self._wanted_changed.set,
        )
        self.broadcaster = Broadcaster(
            prices=self.prices,
            subscribers=self.subscribers,
            feed_watch=self.feed_watch,
            now=self.now,
        )
        self._board = BoardReader(kind=settings.QUOTE_KIND, redis_client=self.redis)
        self._board_read = asyncio.Event()
        self._resyncing = asyncio.Lock()

    def tasks(self) -> Sequence[Task]:
        return self._poll, self._send_heartbeats, self._maintain_lease

    async def ready(self) -> None:
        """Wait until the board is read and the groups are joined, READY_S at most without Redis."""
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                await self._board_read.wait()
                await super().ready()

    async def cleanup(self) -> None:
        """Drop the lease, so that batches stop fetching its symbols."""
        self.requests.stop()
        try:
            await self.lease.drop()
        except redis.RedisError:
            logger.warning("the watch lease could not be dropped; it will expire")
        await self.redis.aclose()

    async def apply_batch(self, message: events.QuotesRecorded) -> None:
        """Send a batch's changes; skip a known batch, and read the board after a gap."""
        epoch, seq = message["epoch"], message["seq"]
        if epoch != self.prices.epoch or seq > self.prices.seq + 1:
            await self.resync()
        elif seq == self.prices.seq + 1:
            self.broadcaster.send_update(self.prices.apply(message["quotes"], seq))

    def send_chat(self, message: events.ChatMessage) -> None:
        self.broadcaster.send_chat(message)

    def send_lists_changed(self, message: events.ListsChanged) -> None:
        self.broadcaster.send_lists_changed(message["user"])

    async def resync(self) -> None:
        """Read the whole board and send the changes. Raises: redis.RedisError."""
        async with self._resyncing:
            contents = await self._board.read()
            if contents is None or not self.prices.is_behind(contents):
                return
            is_new_board = contents.epoch != self.prices.epoch
            changed = self.prices.load(contents)
        if is_new_board:
            self.broadcaster.send_snapshots()
        else:
            self.broadcaster.send_changes(changed)

    async def _poll(self) -> None:
        """Read the board's head twice a second, to detect messages that pub/sub lost."""
        while True:
            try:
                pulse = await self._board.pulse()
                self.feed_watch.note_pulse(pulse, self.now())
                if self.prices.is_behind(pulse):
                    await asyncio.sleep(ARRIVAL_S)
                if self.prices.is_behind(pulse):
                    await self.resync()
            except (redis.RedisError, OSError):
                logger.debug("Redis is unavailable")
            self._board_read.set()
            await asyncio.sleep(POLL_S)

    async def _send_heartbeats(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.broadcaster.send_heartbeats()

    async def _maintain_lease(self) -> None:
        """Renew the lease in Redis and request new symbols, soon after sockets subscribe."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self._wanted_changed.wait()
                await asyncio.sleep(GATHER_S)
            self._wanted_changed.clear()
            try:
                await self.subscribers.wanted.sync()
                self.requests.send_due(self.subscribers.wanted, self.now())
            except (redis.RedisError, OSError):
                await asyncio.sleep(POLL_S)
