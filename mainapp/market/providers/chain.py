"""The sources of `QUOTE_SOURCE` in order: what one cannot give, the next is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from mainapp.market.providers.base import Listing, ProviderError, QuoteProvider
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.quotes import Bar, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a round gave: quotes, symbols that no source could give, and why sources failed."""

    quotes: dict[str, Quote]
    missing: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)


class Chain:
    """Asks each source for what the ones before it could not give."""

    def __init__(self, providers: Sequence[QuoteProvider]) -> None:
        if len({provider.simulated for provider in providers}) > 1:
            raise ValueError("real and simulated sources never mix")
        self._providers = providers

    def fetch(self, symbols: Sequence[str]) -> Fetched:
        quotes: dict[str, Quote] = {}
        errors: dict[str, str] = {}
        for provider in self._providers:
            wanted = [symbol for symbol in symbols if symbol not in quotes]
            if not wanted:
                break
            try:
                quotes |= provider.quotes(wanted)
            except ProviderError as error:
                errors[provider.name] = str(error)
        return Fetched(quotes=quotes, missing=frozenset(symbols) - set(quotes), errors=errors)

    def history(self, symbol: str, range_: str, interval: str) -> tuple[list[Bar], str]:
        """Return bars and the name of the source. Raises: ProviderError when none can give them."""
        reasons = []
        for provider in self._providers:
            try:
                return provider.history(symbol, range_, interval), provider.name
            except ProviderError as error:
                reasons.append(f"{provider.name}: {error}")
        raise ProviderError("; ".join(reasons))

    def tickers(self) -> list[Listing]:
        return self._providers[0].tickers()

    def rests_for(self) -> float:
        """Return the seconds until some source may be asked again, 0 when one may now."""
        return 0.0


def build_chain() -> Chain:
    """Return the chain that the settings name."""
    return Chain(
        [
            SimulatedProvider(
                seed=settings.SIMULATED_SEED,
                speed=settings.SIMULATED_SPEED,
                volatility=settings.SIMULATED_VOLATILITY,
            )
        ]
    )
