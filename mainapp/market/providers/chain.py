"""The chain of sources in `QUOTE_SOURCE`: each supplies the symbols that the earlier ones lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from time import monotonic

from django.conf import settings

from mainapp.market.providers.base import Budget, Limit, Listing, ProviderError, QuoteProvider
from mainapp.market.providers.binance import BinanceProvider
from mainapp.market.providers.brapi import BrapiProvider
from mainapp.market.providers.breaker import SourceState
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.limits import Limits
from mainapp.market.providers.replay import ReplayProvider
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.providers.source import PendingCall, Source, load
from mainapp.market.providers.threads import Call
from mainapp.market.providers.yahoo import YahooProvider
from mainapp.market.providers.yahoo_fin import YahooFinProvider
from mainapp.market.quotes import CURRENCY, Bar, Quote, rejection

MAX_TIMEOUT_S = 3.0
PROBED = "PETR4"
PROBED_PAIR = "BTCBRL"
SETTING_PREFIXES = (
    "BINANCE_",
    "BRAPI_",
    "QUOTE_SOURCE",
    "REDIS_URL",
    "REPLAY_",
    "SIMULATED_",
    "SOURCE_",
    "YAHOO_",
)


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

    def wait_s(self) -> float:
        """Return the seconds until a source may be called, 0 if one may be called now."""
        return min((source.wait_s() for source in self._sources), default=0.0)

    def states(self) -> list[SourceState]:
        """Return the state of each source, in order. One read of Redis per source."""
        return [source.guard.state() for source in self._sources]

    def history_states(self) -> list[SourceState]:
        """Return the state of each source for histories, in order. One read of Redis per source."""
        return [source.breakers["history"].state() for source in self._sources]

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


def build_chain() -> Chain:
    """Return the configured chain: the same object as long as the settings do not change."""
    names = (name for name in dir(settings) if name.startswith(SETTING_PREFIXES))
    return _chain(tuple((name, repr(getattr(settings, name))) for name in names))


@lru_cache(maxsize=2)
def _chain(_settings: tuple[tuple[str, str], ...]) -> Chain:
    timeout = min(settings.SOURCE_TIMEOUT_S, MAX_TIMEOUT_S)
    return Chain(
        [
            Source(
                provider := build_provider(name),
                Guard(name, redis_url=settings.REDIS_URL, budget=provider.budget, timeout=timeout),
                timeout=timeout,
            )
            for name in settings.QUOTE_SOURCE
        ]
    )


def build_provider(name: str) -> QuoteProvider:
    """Return the adapter of a source, configured by the settings."""
    timeout = min(settings.SOURCE_TIMEOUT_S, MAX_TIMEOUT_S)
    proxy = settings.SOURCE_PROXY
    if name == "simulated":
        return SimulatedProvider(
            seed=settings.SIMULATED_SEED,
            speed=settings.SIMULATED_SPEED,
            volatility=settings.SIMULATED_VOLATILITY,
            data=settings.BASE_DIR / "data",
        )
    if name == "replay":
        assert settings.REPLAY_DATE  # the settings require it
        return ReplayProvider(on=settings.REPLAY_DATE, speed=settings.REPLAY_SPEED)
    if name == "brapi":
        return BrapiProvider(
            url=settings.BRAPI_URL,
            token=settings.BRAPI_TOKEN,
            batch_size=settings.BRAPI_BATCH_SIZE,
            timeout=timeout,
            proxy=proxy,
            budget=Budget(calls=settings.BRAPI_BUDGET_PER_MONTH, period="month"),
            limits=Limits(
                name,
                account=f"{settings.BRAPI_URL} {settings.BRAPI_TOKEN}",
                redis_url=settings.REDIS_URL,
            ),
        )
    if name == "binance":
        return BinanceProvider(
            url=settings.BINANCE_URL,
            timeout=timeout,
            proxy=proxy,
            budget=Budget(calls=settings.BINANCE_BUDGET_PER_HOUR, period="hour"),
        )
    budget = Budget(calls=settings.YAHOO_BUDGET_PER_HOUR, period="hour")
    if name == "yahoo":
        return YahooProvider(url=settings.YAHOO_URL, timeout=timeout, proxy=proxy, budget=budget)
    return YahooFinProvider(url=settings.YAHOO_FIN_URL, timeout=timeout, proxy=proxy, budget=budget)


def probe(
    names: Sequence[str], *, timeout: float = MAX_TIMEOUT_S
) -> tuple[list[str], dict[str, str]]:
    """Request one quote from all sources at once; return the working sources and the errors.

    Takes `timeout` seconds at most, once the libraries are loaded, and bypasses the guards, so that
    no call is counted.
    """
    providers = [build_provider(name) for name in names]
    for provider in providers:
        load(provider)
    deadline = monotonic() + timeout
    probed = {each.name: PROBED_PAIR if each.name == "binance" else PROBED for each in providers}
    calls = {each.name: Call(partial(each.quotes, [probed[each.name]])) for each in providers}
    answered, errors = [], {}
    for name, call in calls.items():
        try:
            quote = call.result(deadline - monotonic()).get(probed[name])
        except ProviderError as error:
            errors[name] = str(error)
            continue
        if quote and quote.price.is_finite() and quote.price > 0:
            answered.append(name)
        else:
            errors[name] = f"returned no price of {probed[name]}"
    return answered, errors
