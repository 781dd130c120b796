"""The symbols that streams give: pushed quotes are newer than polled ones, and keep coming."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from time import monotonic, time_ns

from mainapp.market.quotes import Quote
from mainapp.market.streams.base import StreamState
from mainapp.market.streams.rhythm import Rhythms

NOT_LIVE = ("idle", "waiting", "silent")


class GivenSymbols:
    """The decision, from accepted quotes, which symbols need no polling.

    A symbol is given once it was polled during the stream's current run, and the pushed quotes are
    still newer: a stream that is later than polling never replaces it. A symbol without a previous
    close is polled, because pushed quotes may never bring one.
    """

    def __init__(self) -> None:
        self._rhythms = Rhythms()
        self._streams: dict[str, str] = {}
        self._run_from_ns: dict[str, int] = {}
        self._polled: set[str] = set()
        self._given: set[str] = set()

    def symbols_to_compare(self) -> list[str]:
        """Return the running symbols that have not been compared with a poll yet."""
        return [symbol for symbol in self._run_from_ns if symbol not in self._polled]

    def note_polls(self, reached_ns: Mapping[str, int]) -> None:
        """Note when symbols were last polled, in nanoseconds since 1970."""
        now = time_ns()
        for symbol, at_ns in reached_ns.items():
            if self._run_from_ns.get(symbol, now) < at_ns <= now:
                self._polled.add(symbol)

    def note_newer(self, quotes: Iterable[Quote]) -> None:
        """Note quotes that were recorded as newer than the last ones."""
        now = monotonic()
        for quote in quotes:
            symbol = quote.symbol
            self._streams[symbol] = quote.source
            self._rhythms.note(symbol, now)
            self._run_from_ns.setdefault(symbol, time_ns())
            if quote.previous_close is None:  # of a pair, from midnight until the next poll
                self._given.discard(symbol)
            elif symbol in self._polled:
                self._given.add(symbol)

    def remaining_ms(self, states: Collection[StreamState]) -> dict[str, int]:
        """Return the given symbols and the time until each counts as silent.

        A symbol that has fallen silent, or whose stream has lost its connection, is compared with a
        poll again before it is given.
        """
        now = monotonic()
        lost = {state.name for state in states if state.status in NOT_LIVE}
        remaining = {}
        for symbol in list(self._given):
            left_ms = int((self._rhythms.silent_at(symbol) - now) * 1000)
            if left_ms <= 0 or self._streams[symbol] in lost:
                self._forget(symbol)
            else:
                remaining[symbol] = left_ms
        return remaining

    def counts(self) -> Counter[str]:
        """Return the number of given symbols of each stream."""
        return Counter(self._streams[symbol] for symbol in self._given)

    def forget_unwanted(self, wanted: Collection[str]) -> None:
        """Forget symbols that are no longer wanted."""
        for symbol in self._streams.keys() - set(wanted):
            self._forget(symbol)
            self._rhythms.forget(symbol)
            del self._streams[symbol]

    def _forget(self, symbol: str) -> None:
        self._given.discard(symbol)
        self._polled.discard(symbol)
        self._run_from_ns.pop(symbol, None)
