"""The chain of sources in `QUOTE_SOURCE`: each supplies the symbols that the earlier ones lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mainapp.market.providers.base import (
    Limit,
    Listing,
    ProviderError,
    ReportedEvent,
)
from mainapp.market.providers.breaker import Admission, SourceState
from mainapp.market.providers.source import OtherKind, PendingCall, Source
from mainapp.market.quotes import CURRENCY, Bar, Quote, rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The result of a fetch: quotes, symbols that no source has, and the sources' errors.

    An unusable quote (not a number, not positive, in another currency, from the future) is in
    `quotes` only if no other source has a usable one; `refused` contains the other unusable quotes.
    `unreached` symbols have no quote because they were not requested from any source, for lack of
    time or of calls.
    """

    quotes: dict[str, Quote]
    missing: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)
    refused: tuple[Quote, ...] = ()
    unreached: frozenset[str] = frozenset()


class Chain:
    """Requests symbols from each source in turn, until none is missing."""

    def __init__(self, sources: Sequence[Source]) -> None:
        if len({source.provider.kind for source in sources}) > 1:
            raise ValueError("sources of different kinds never mix")
        self._sources = sources

    def fetch(self, symbols: Sequence[str]) -> Fetched:
        """Return the quotes of the symbols, each from the first source that has it.

        Symbols are requested in their order, as long as there is time. Blocks for the sum of the
        sources' timeouts and rounds at most. A source that failed last time is probed in parallel
        to the next ones, and awaited only if symbols are still missing then.
        """
        round_ = _Round(symbols)
        probes: list[PendingCall[dict[str, Quote]]] = []
        for source in self._sources:
            if not (wanted := round_.wanted):
                break
            try:
                call = source.start_quotes(wanted)
            except ProviderError as error:
                round_.errors[source.name] = str(error)
                continue
            if call is None:
                continue
            if call.is_probe and source is not self._sources[-1]:
                probes.append(call)
            else:
                round_.add(source.name, call)
        for call in probes:
            if round_.wanted:
                round_.add(call.name, call)
        return round_.fetched()

    def history(self, symbol: str, range_: str, interval: str) -> tuple[list[Bar], str]:
        """Return bars and the name of their source. Raises: ProviderError if all sources fail.

        A source that covers only a part of the range is used if no other covers all of it.
        """
        part: tuple[list[Bar], str] | None = None
        reasons = []
        for source in sorted(
            self._sources, key=lambda source: not source.provider.gives_whole(range_, interval)
        ):
            try:
                call = source.start("history", lambda it: it.history(symbol, range_, interval))
                bars = call.result()
            except ProviderError as error:
                reasons.append(f"{source.name}: {error}")
                continue
            if source.provider.gives_whole(range_, interval):
                return bars, source.name
            part = part or (bars, source.name)
        if part is not None:
            return part
        raise ProviderError("; ".join(reasons) or "no source has it", fault="not_given")

    def tickers(self) -> list[Listing]:
        """Return the market's list of stocks. Raises: ProviderError if all sources fail."""
        reasons = []
        for source in self._sources:
            if not source.provider.lists_all:
                continue
            try:
                return source.start("list", lambda provider: provider.tickers()).result()
            except ProviderError as error:
                reasons.append(f"{source.name}: {error}")
        raise ProviderError("; ".join(reasons) or "no source has it", fault="not_given")

    def event_sources(self) -> list[str]:
        """Return the names of the sources that give corporate events, in order."""
        return [source.name for source in self._sources if source.provider.gives_events]

    def events(self, name: str, symbol: str) -> list[ReportedEvent]:
        """Return the corporate events of a stock from one source. Raises: ProviderError."""
        (source,) = (source for source in self._sources if source.name == name)
        return source.start("events", lambda it: it.events(symbol)).result()

    def wait_s(self) -> float:
        """Return the seconds until a source may be called, 0 if one may be called now."""
        return min((source.wait_s() for source in self._sources), default=0.0)

    def states(self, kind: OtherKind | None = None) -> list[SourceState]:
        """Return the state of each source, for quotes or another kind of calls, in order.

        One read of Redis per source.
        """
        guards = (each.breakers[kind] if kind else each.guard for each in self._sources)
        return [guard.state() for guard in guards]

    def spend(self, name: str) -> Admission:
        """Count a call to a source that is made outside of the chain; the budget may refuse it."""
        (source,) = (source for source in self._sources if source.name == name)
        return source.guard.spend()

    def limits(self) -> list[list[Limit]]:
        """Return the limits of each source, in order."""
        return [source.provider.limits() for source in self._sources]


class _Round:
    """The state of one `fetch` while quotes arrive."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = list(dict.fromkeys(symbols))
        self._quotes: dict[str, Quote] = {}
        self._unusable: list[Quote] = []
        self._reached: set[str] = set()
        self.errors: dict[str, str] = {}

    @property
    def wanted(self) -> list[str]:
        return [symbol for symbol in self._symbols if symbol not in self._quotes]

    def add(self, name: str, call: "PendingCall[dict[str, Quote]]") -> None:
        try:
            quotes: Mapping[str, Quote] = call.result()
            self._reached.update(call.symbols)
        except ProviderError as error:
            self.errors[name] = str(error)
            quotes = error.partial_quotes
            self._reached.update(set(call.symbols) - error.unreached)
        for symbol in self.wanted:
            quote = quotes.get(symbol)
            if quote is None:
                continue
            at = datetime.now(UTC)
            if rejection(quote, last=None, at=at, currency=CURRENCY) is None:
                self._quotes[symbol] = quote
            else:
                self._unusable.append(quote)

    def fetched(self) -> Fetched:
        # Reversed, so that of several unusable quotes the first one stays.
        quotes = {quote.symbol: quote for quote in reversed(self._unusable)} | self._quotes
        refused = [quote for quote in self._unusable if quotes[quote.symbol] is not quote]
        return Fetched(
            quotes=quotes,
            missing=frozenset(self._symbols) - quotes.keys(),
            errors=self.errors,
            refused=tuple(refused),
            unreached=frozenset(self._symbols) - quotes.keys() - self._reached,
        )
