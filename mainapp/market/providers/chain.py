"""The sources of `QUOTE_SOURCE` in order: what one cannot give, the next is asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from time import monotonic
from typing import TypeVar

from django.conf import settings

from mainapp.market.providers.base import Budget, Listing, ProviderError, QuoteProvider
from mainapp.market.providers.brapi import BrapiProvider
from mainapp.market.providers.breaker import SourceState
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.providers.source import Ask, Source
from mainapp.market.providers.threads import Call
from mainapp.market.providers.yahoo import YahooProvider
from mainapp.market.providers.yahoo_fin import YahooFinProvider
from mainapp.market.quotes import Bar, Quote, rejection

MAX_TIMEOUT_S = 3.0
PROBED = "PETR4"
CONCERNED = ("BRAPI_", "QUOTE_SOURCE", "REDIS_URL", "SIMULATED_", "SOURCE_", "YAHOO_")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a round gave: quotes, symbols that no source could give, and why sources failed.

    A quote that cannot be recorded (no number, not positive, of the future) stays only when no
    other source had one; `refused` holds the others.
    """

    quotes: dict[str, Quote]
    missing: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)
    refused: tuple[Quote, ...] = ()


class Chain:
    """Asks each source for what the ones before it could not give."""

    def __init__(self, sources: Sequence[Source]) -> None:
        if len({source.provider.simulated for source in sources}) > 1:
            raise ValueError("real and simulated sources never mix")
        self._sources = sources

    def fetch(self, symbols: Sequence[str]) -> Fetched:
        """Return the quotes of the symbols, each from the first source that gives it.

        Blocks for each source's timeout at most. A source that failed last time is tried beside
        the next ones, and waited for only if they leave something to wish for.
        """
        round_ = _Round(symbols)
        tried: list[Ask[dict[str, Quote]]] = []
        for source in self._sources:
            if not (wanted := round_.wanted):
                break
            try:
                ask = source.ask_quotes(wanted)
            except ProviderError as error:
                round_.errors[source.name] = str(error)
                continue
            if ask is None:
                continue
            if ask.is_probe and source is not self._sources[-1]:
                tried.append(ask)
            else:
                round_.take(source.name, ask)
        for ask in tried:
            if round_.wanted:
                round_.take(ask.name, ask)
        return round_.fetched()

    def history(self, symbol: str, range_: str, interval: str) -> tuple[list[Bar], str]:
        """Return bars and the name of the source. Raises: ProviderError when none can give them."""
        return self._first(
            self._sources, lambda provider: provider.history(symbol, range_, interval)
        )

    def tickers(self) -> list[Listing]:
        """Return the market's list of papers. Raises: ProviderError when no source has it."""
        sources = [source for source in self._sources if source.provider.lists_all]
        return self._first(sources, lambda provider: provider.tickers())[0]

    def rests_for(self) -> float:
        """Return the seconds until some source may be asked again, 0 when one may now."""
        return min((source.rests_for() for source in self._sources), default=0.0)

    def states(self) -> list[SourceState]:
        """Return what is known of each source, in order; costs one reading of Redis each."""
        return [source.guard.state() for source in self._sources]

    def _first(
        self, sources: Sequence[Source], ask: Callable[[QuoteProvider], Result]
    ) -> tuple[Result, str]:
        reasons = []
        for source in sources:
            try:
                return source.ask(ask).result(), source.name
            except ProviderError as error:
                reasons.append(f"{source.name}: {error}")
        raise ProviderError("; ".join(reasons) or "no source has it", fault="not_given")


class _Round:
    """The quotes of one `fetch` as they come."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = list(dict.fromkeys(symbols))
        self._quotes: dict[str, Quote] = {}
        self._doubtful: list[Quote] = []
        self.errors: dict[str, str] = {}

    @property
    def wanted(self) -> list[str]:
        return [symbol for symbol in self._symbols if symbol not in self._quotes]

    def take(self, name: str, ask: "Ask[dict[str, Quote]]") -> None:
        try:
            given: Mapping[str, Quote] = ask.result()
        except ProviderError as error:
            self.errors[name] = str(error)
            given = error.given
        for symbol in self.wanted:
            quote = given.get(symbol)
            if quote is None:
                continue
            if rejection(quote, last=None, at=datetime.now(UTC)) is None:
                self._quotes[symbol] = quote
            else:
                self._doubtful.append(quote)

    def fetched(self) -> Fetched:
        kept = {quote.symbol: quote for quote in reversed(self._doubtful)} | self._quotes
        refused = [quote for quote in self._doubtful if kept[quote.symbol] is not quote]
        return Fetched(
            quotes=kept,
            missing=frozenset(self._symbols) - kept.keys(),
            errors=self.errors,
            refused=tuple(refused),
        )


def build_chain() -> Chain:
    """Return the chain that the settings name: the same one as long as they stay the same."""
    names = (name for name in dir(settings) if name.startswith(CONCERNED))
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
    """Return the adapter of that name, as the settings configure it."""
    timeout = min(settings.SOURCE_TIMEOUT_S, MAX_TIMEOUT_S)
    proxy = settings.SOURCE_PROXY
    if name == "simulated":
        return SimulatedProvider(
            seed=settings.SIMULATED_SEED,
            speed=settings.SIMULATED_SPEED,
            volatility=settings.SIMULATED_VOLATILITY,
            data=settings.BASE_DIR / "data",
        )
    if name == "brapi":
        return BrapiProvider(
            url=settings.BRAPI_URL,
            token=settings.BRAPI_TOKEN,
            batch_size=settings.BRAPI_BATCH_SIZE,
            timeout=timeout,
            proxy=proxy,
            budget=Budget(calls=settings.BRAPI_BUDGET_PER_MONTH, period="month"),
        )
    budget = Budget(calls=settings.YAHOO_BUDGET_PER_HOUR, period="hour")
    if name == "yahoo":
        return YahooProvider(url=settings.YAHOO_URL, timeout=timeout, proxy=proxy, budget=budget)
    return YahooFinProvider(url=settings.YAHOO_FIN_URL, timeout=timeout, proxy=proxy, budget=budget)


def probe(
    names: Sequence[str], *, timeout: float = MAX_TIMEOUT_S
) -> tuple[list[str], dict[str, str]]:
    """Ask each source for one quote, all at once; return those that gave it, and why others not.

    Takes `timeout` seconds at most, and counts nothing: guards are not asked.
    """
    deadline = monotonic() + timeout
    calls = {name: Call(partial(build_provider(name).quotes, [PROBED])) for name in names}
    answered, errors = [], {}
    for name, call in calls.items():
        try:
            quote = call.result(deadline - monotonic()).get(PROBED)
        except ProviderError as error:
            errors[name] = str(error)
            continue
        if quote and quote.price.is_finite() and quote.price > 0:
            answered.append(name)
        else:
            errors[name] = f"gave no price of {PROBED}"
    return answered, errors
