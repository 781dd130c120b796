"""What this process's sockets want: counted per symbol, leased in Redis, asked for when new."""

from collections import Counter
from collections.abc import Callable, Iterable
from math import inf

from mainapp.market.watch import WatchLease

FIRST_RETRY_S = 3.0
LAST_RETRY_S = 60.0
ASK_AGAIN_S = 30.0  # who reloads a page of delayed prices costs its source one call, not ten


class Wanted:
    """The process's union of wanted symbols. Times are the event loop's, in seconds."""

    def __init__(self, lease: WatchLease, *, is_fresh: Callable[[str], bool]) -> None:
        self.counts: Counter[str] = Counter()
        self._lease = lease
        self._is_fresh = is_fresh
        self._to_ask: set[str] = set()
        self._asked_at: dict[str, float] = {}
        self._retries: dict[str, tuple[float, float]] = {}  # next try at, delay after it

    def add(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self.counts[symbol] += 1
            if self.counts[symbol] == 1:
                self._lease.note(symbol)
                if not self._is_fresh(symbol):
                    self._to_ask.add(symbol)

    def discard(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self.counts[symbol] -= 1
            if self.counts[symbol] <= 0:
                del self.counts[symbol]
                self._lease.note(symbol)
                self._to_ask.discard(symbol)
                self._retries.pop(symbol, None)

    async def sync(self) -> None:
        """Bring the lease in Redis up to date. Raises: redis.RedisError."""
        await self._lease.sync(self.counts.keys())

    def take_asks(
        self, *, now: float, missing: Callable[[str], bool], is_settled: bool = True
    ) -> list[str]:
        """Return the symbols to fetch now: new ones, and unanswered ones whose time has come.

        Until all is settled, those that have a quote wait.
        """
        asks, self._to_ask = self._to_ask, set()
        if not is_settled:
            self._to_ask = {symbol for symbol in asks if not missing(symbol)}
            asks -= self._to_ask
        for symbol, (due_at, delay) in list(self._retries.items()):
            if not missing(symbol):
                del self._retries[symbol]
            elif now >= due_at:
                asks.add(symbol)
                self._retries[symbol] = (now + delay, min(delay * 2, LAST_RETRY_S))
        asks = {s for s in asks if missing(s) or now >= self._asked_at.get(s, -inf) + ASK_AGAIN_S}
        self._asked_at |= dict.fromkeys(asks, now)
        for symbol in asks:
            if missing(symbol):
                self._retries.setdefault(symbol, (now + FIRST_RETRY_S, FIRST_RETRY_S * 2))
        return sorted(asks)
