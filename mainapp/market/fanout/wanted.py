"""Symbols wanted by this process's sockets: counted, leased in Redis, requested when new."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import inf

from mainapp.market.fanout.prices import Prices
from mainapp.market.quotes import latest_quoted_at
from mainapp.market.watch import WatchLease

FIRST_RETRY_S = 3.0
LAST_RETRY_S = 60.0
# Delayed prices never count as fresh: without this pause each reload of a page would cost a call.
REPEAT_S = 30.0
FRESH = timedelta(seconds=15)
NEW_S = 5.0
# Prices have a resolution of one second: one requested after this time is newer than the restart.
SETTLED_S = 1.2


class Wanted:
    """The union of the symbols wanted by sockets. Times are the event loop's, in seconds."""

    def __init__(self, lease: WatchLease, *, is_fresh: Callable[[str], bool]) -> None:
        self.counts: Counter[str] = Counter()
        self._lease = lease
        self._is_fresh = is_fresh
        self._to_request: set[str] = set()
        self._requested_at: dict[str, float] = {}
        self._retries: dict[str, tuple[float, float]] = {}  # time of the next try, delay after it

    def add(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self.counts[symbol] += 1
            if self.counts[symbol] == 1:
                self._lease.note(symbol)
                if not self._is_fresh(symbol):
                    self._to_request.add(symbol)

    def discard(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self.counts[symbol] -= 1
            if self.counts[symbol] <= 0:
                del self.counts[symbol]
                self._lease.note(symbol)
                self._to_request.discard(symbol)
                self._retries.pop(symbol, None)

    async def sync(self) -> None:
        """Bring the lease in Redis up to date. Raises: redis.RedisError."""
        await self._lease.sync(self.counts.keys())

    def pop_requests(
        self, *, now: float, missing: Callable[[str], bool], is_settled: bool = True
    ) -> list[str]:
        """Return the symbols to fetch now: new ones, and missing ones whose retry is due.

        Until `is_settled`, symbols that already have a quote wait.
        """
        due, self._to_request = self._to_request, set()
        if not is_settled:
            self._to_request = {symbol for symbol in due if not missing(symbol)}
            due -= self._to_request
        for symbol, (due_at, delay) in list(self._retries.items()):
            if not missing(symbol):
                del self._retries[symbol]
            elif now >= due_at:
                due.add(symbol)
                self._retries[symbol] = (now + delay, min(delay * 2, LAST_RETRY_S))
        due = {s for s in due if missing(s) or now >= self._requested_at.get(s, -inf) + REPEAT_S}
        self._requested_at |= dict.fromkeys(due, now)
        for symbol in due:
            if missing(symbol):
                self._retries.setdefault(symbol, (now + FIRST_RETRY_S, FIRST_RETRY_S * 2))
        return sorted(due)


class QuoteRequests:
    """Requests quotes on a separate thread, one call at a time, so that no event loop blocks.

    `request` is called on that thread with the symbols to fetch.
    """

    def __init__(
        self, request: Callable[[list[str]], None], *, prices: Prices, started_at: float
    ) -> None:
        self._request = request
        self._prices = prices
        self.started_at = started_at
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="request-quotes")
        self._running: asyncio.Future[None] | None = None

    def send_due(self, wanted: Wanted, now: float) -> None:
        """Request the wanted symbols without a fresh price, unless a call is running.

        Raises: the exception of the last call, once.
        """
        if not self._is_idle():
            return
        symbols = wanted.pop_requests(
            now=now, missing=self.is_missing, is_settled=now > self.started_at + SETTLED_S
        )
        if symbols:
            loop = asyncio.get_running_loop()
            self._running = loop.run_in_executor(self._thread, self._request, symbols)

    def is_missing(self, symbol: str) -> bool:
        return symbol not in self._prices.entries

    def is_fresh(self, symbol: str) -> bool:
        """Return whether a symbol's quote is new enough to wait for the next batch.

        In a new process none is: its sockets come from a process that died, and have received no
        prices since.
        """
        entry = self._prices.entries.get(symbol)
        now = asyncio.get_running_loop().time()
        if entry is None or now < self.started_at + NEW_S:
            return False
        at, quoted_at = datetime.now(UTC), datetime.fromisoformat(entry.fields["quoted_at"])
        return at - quoted_at < FRESH and quoted_at <= latest_quoted_at(at)

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _is_idle(self) -> bool:
        if self._running is None:
            return True
        if not self._running.done():
            return False
        finished, self._running = self._running, None
        finished.result()
        return True
