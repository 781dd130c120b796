"""The hub of a web process: it hears of batches, and gives every socket its own symbols."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import redis
from channels.layers import get_channel_layer
from django.conf import settings

from mainapp.core.redis import async_client
from mainapp.market import sessions
from mainapp.market.board import BoardReader, Pulse
from mainapp.market.events import STOCK_CHAT, STOCK_TRACK, ChatSaid, Feed, QuotesRecorded, Session
from mainapp.market.fanout import frames
from mainapp.market.fanout.asker import Asker
from mainapp.market.fanout.audience import HOME, Audience
from mainapp.market.fanout.feed import FeedWatch
from mainapp.market.fanout.prices import Prices, encode
from mainapp.market.fanout.ranking import HomeRanking
from mainapp.market.fanout.writer import TrackedSocket
from mainapp.market.quotes import iso
from mainapp.market.watch import WatchLease

logger = logging.getLogger(__name__)

POLL_S = 0.5
TICK_S = 0.25
HEARTBEAT_S = 2.0
READY_S = 1.5
ASK_AFTER_S = 0.02
RENEW_S = 1.0
CANCEL_AGAIN_S = 0.1
FRESH = timedelta(seconds=15)
NEW_S = 5.0
SETTLED_S = 1.2  # a price asked for later than this is newer than the restart, to the second


class QuoteFanout(Audience):
    """One per process and event loop. Sockets join and leave without I/O; nothing here queries.

    `ask` is called on a thread with symbols that have no fresh quote: they are to be fetched now.
    """

    def __init__(self, *, ask: Callable[[list[str]], None]) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._asker = Asker(ask)
        self._started_at = loop.time()
        self.redis = async_client()
        self._board = BoardReader(simulated=settings.SIMULATED, redis_client=self.redis)
        self._lease = WatchLease(uuid4().hex, client=self.redis)
        self.prices = Prices()
        super().__init__(
            lease=self._lease, ranking=HomeRanking(self.prices), is_fresh=self._is_fresh
        )
        self._feed_watch = FeedWatch()
        self._resyncing = asyncio.Lock()
        self._looked, self._joined = asyncio.Event(), asyncio.Event()
        self._channel: str | None = None
        self._said: tuple[Feed, Session] | None = None
        self._tasks = [
            loop.create_task(self._keep(work))
            for work in (self._listen, self._poll, self._tick, self._tend_wanted)
        ]

    def now(self) -> float:
        return self._loop.time()

    async def ready(self) -> None:
        """Wait until the board is read and news are heard, but not for a Redis that is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                await self._looked.wait()
                await self._joined.wait()

    async def stop(self) -> None:
        """End the hub's tasks and give its lease up."""
        while pending := [task for task in self._tasks if not task.done()]:
            for task in pending:
                task.cancel()
            # Once may not do: wait_for, in redis-py too, can swallow it until Python 3.12.
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        self._asker.stop()
        try:
            await self._lease.drop()
        except redis.RedisError:
            logger.warning("the watch lease could not be dropped; it expires by itself")
        await self.redis.aclose()

    # What a socket is told when it asks --------------------------------------------------------

    def snapshot(
        self,
        socket: TrackedSocket,
        symbols: Iterable[str],
        *,
        since: tuple[str, int] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a snapshot frame of `symbols`; of those changed since (epoch, seq) when given.

        Its number is what the socket was told up to: while it is behind, that is not the newest.
        """
        symbols = list(symbols)
        after = -1
        if since and since[0] == self.prices.epoch and since[1] <= self.prices.seq:
            after = since[1]
        if not socket.behind:
            socket.seq = self.prices.seq
        at = datetime.now(UTC)
        head = {
            "epoch": self.prices.epoch,
            "seq": socket.seq,
            "server_time": iso(at),
            "session": self._session(at),
            "feed": self._feed(at),
            "source": self._source(symbols),
            "simulated": settings.SIMULATED,
            "limit": socket.limit,
            "pending": self.prices.pending(symbols),
            "unknown": [],
        }
        return frames.snapshot_frame(head | dict(extra or {}), self.prices.whole(symbols, after))

    def catch_up(self, socket: TrackedSocket) -> str | None:
        """Return the one frame that brings a socket that fell behind up to now."""
        socket.behind = False
        if socket.needs_snapshot:
            socket.needs_snapshot = False
            return self.snapshot(socket, socket.symbols)
        changes = self.prices.changes(socket.symbols, socket.seq)
        socket.seq = self.prices.seq
        return None if changes is None else frames.update_frame(socket.seq, changes)

    def greet(self, socket: TrackedSocket) -> None:
        """Give a socket of the home room the ranking as it stands."""
        if socket.room == HOME:
            socket.post(lambda: self.ranking.frame, self.now())

    # Batches -----------------------------------------------------------------------------------

    async def take_batch(self, message: QuotesRecorded) -> None:
        """Take in what a batch changed; a gap in the numbers is filled from the board."""
        if message["epoch"] == self.prices.epoch and message["seq"] <= self.prices.seq:
            return
        if message["epoch"] == self.prices.epoch and message["seq"] == self.prices.seq + 1:
            self._broadcast(self.prices.apply(message["quotes"], message["seq"]))
        else:
            await self._resync()

    async def _resync(self) -> None:
        async with self._resyncing:
            contents = await self._board.read()
            if contents is None or (
                contents.epoch == self.prices.epoch and contents.seq <= self.prices.seq
            ):
                return
            is_new_board = contents.epoch != self.prices.epoch
            changed = self.prices.load(contents)
        if is_new_board:
            self._send_everything()
        else:
            self._broadcast({s: f'"{s}":{encode(fields)}' for s, fields in changed.items()})

    def _broadcast(self, fragments: Mapping[str, str]) -> None:
        """Give each socket the fragments of its own symbols, in one frame."""
        parts: dict[TrackedSocket, list[str]] = defaultdict(list)
        for symbol, fragment in fragments.items():
            for socket in self.by_symbol.get(symbol, ()):
                parts[socket].append(fragment)
        now, seq = self._loop.time(), self.prices.seq
        head = f'{{"type":"update","seq":{seq},"quotes":{{'
        for socket, own in parts.items():
            if socket.offer(head + ",".join(own) + "}}", now):
                socket.seq = seq
            else:
                socket.behind = True
        self._send_ranking(now)

    def _send_everything(self) -> None:
        now = self._loop.time()
        for socket in list(self.sockets):
            if socket.is_busy:
                socket.needs_snapshot = True
            else:
                socket.offer(self.snapshot(socket, socket.symbols), now)
        self._send_ranking(now)

    def _send_ranking(self, now: float) -> None:
        """Rank the home page's stocks once a batch, for every visitor of the room alike."""
        if not (sockets := self.by_room.get(HOME)):
            return
        if not self.ranking.renew():
            return
        for socket in sockets:
            if not socket.offer(self.ranking.frame, now):
                socket.post_once(lambda: self.ranking.frame)

    # Tasks -------------------------------------------------------------------------------------

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task for ever: an error nobody foresaw is told, and must not darken every page."""
        while True:
            try:
                await work()
            except Exception:
                logger.exception("%s failed and starts again", work.__name__)
                await asyncio.sleep(POLL_S)

    async def _listen(self) -> None:
        """Join the groups once for the whole process and hear what they say.

        The layer keeps every channel and what comes for it: one is made, when Redis is there.
        """
        layer = get_channel_layer()
        assert layer is not None
        while True:
            try:
                if self._channel is None:
                    await self._board.pulse()
                    self._channel = await layer.new_channel()
                for group in (STOCK_TRACK, STOCK_CHAT):
                    await layer.group_add(group, self._channel)
                self._joined.set()
                while True:
                    await self._hear(await layer.receive(self._channel))
            except (redis.RedisError, OSError):
                self._joined.set()
                await asyncio.sleep(POLL_S)

    async def _hear(self, message: Any) -> None:
        try:
            if message["type"] == "quotes.recorded":
                await self.take_batch(message)
            elif message["type"] == "chat.said":
                self._say(message)
        except (redis.RedisError, OSError):
            logger.info("the board could not be read; the next poll reads it")

    def _say(self, message: ChatSaid) -> None:
        frame = frames.chat_frame(message)
        now = self._loop.time()
        for socket in list(self.by_room.get(message["room"], ())):
            socket.post(lambda: frame, now)

    async def _poll(self) -> None:
        """Ask for the board's head twice a second: a lost message shows in its number."""
        while True:
            try:
                pulse = await self._board.pulse()
                await self._take_pulse(pulse)
            except (redis.RedisError, OSError):
                logger.debug("Redis does not answer")
            self._looked.set()
            await asyncio.sleep(POLL_S)

    async def _take_pulse(self, pulse: Pulse) -> None:
        self._feed_watch.hear(pulse, self._loop.time())
        if pulse.epoch and (pulse.epoch != self.prices.epoch or pulse.seq > self.prices.seq):
            await self._resync()

    async def _tick(self) -> None:
        """Speak to sockets that heard nothing for a while, to all when feed or session change."""
        while True:
            await asyncio.sleep(TICK_S)
            at, now = datetime.now(UTC), self._loop.time()
            feed, session = said = self._feed(at), self._session(at)
            quiet_since = now if said != self._said else now - HEARTBEAT_S
            self._said = said
            status = self._feed_watch.status
            frame = frames.heartbeat_frame(
                seq=self.prices.seq,
                at=at,
                session=session,
                feed=feed,
                batch_at=status.batch_at if status else None,
            )
            for socket in [s for s in self.sockets if s.sent_at <= quiet_since]:
                socket.offer(frame, now)

    async def _tend_wanted(self) -> None:
        """Keep the lease in Redis and have new symbols fetched, soon after they are wanted."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self.stir.wait()
                await asyncio.sleep(ASK_AFTER_S)
            self.stir.clear()
            try:
                await self.wanted.sync()
                self._ask_for_new()
            except (redis.RedisError, OSError):
                await asyncio.sleep(POLL_S)

    def _ask_for_new(self) -> None:
        """Have a thread ask for what has no fresh price."""
        if self._asker.is_free() and (
            asks := self.wanted.take_asks(
                now=self.now(),
                missing=self._is_missing,
                is_settled=self.now() > self._started_at + SETTLED_S,
            )
        ):
            self._asker.ask(asks)

    # Facts -------------------------------------------------------------------------------------

    def _is_missing(self, symbol: str) -> bool:
        return symbol not in self.prices.entries

    def _is_fresh(self, symbol: str) -> bool:
        """Tell whether a symbol's quote may wait for the next batch.

        A new process's may not: its sockets come from one that died, and were without prices.
        """
        entry = self.prices.entries.get(symbol)
        if entry is None or self.now() < self._started_at + NEW_S:
            return False
        return datetime.now(UTC) - datetime.fromisoformat(entry.fields["quoted_at"]) < FRESH

    def _feed(self, at: datetime) -> Feed:
        return self._feed_watch.state(now=self._loop.time(), at=at)

    def _session(self, at: datetime) -> Session:
        return "open" if settings.SIMULATED else sessions.session(at)

    def _source(self, symbols: list[str]) -> str:
        for symbol in symbols:
            if entry := self.prices.entries.get(symbol):
                return str(entry.fields["source"])
        return str(settings.QUOTE_SOURCE[0])
