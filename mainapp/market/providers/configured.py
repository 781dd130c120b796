"""The chain of QUOTE_SOURCE and its providers, configured by the settings."""

from functools import lru_cache

from django.conf import settings

from mainapp.market.providers.base import Budget, QuoteProvider
from mainapp.market.providers.binance import BinanceProvider
from mainapp.market.providers.brapi import BrapiProvider
from mainapp.market.providers.chain import Chain
from mainapp.market.providers.fmp import FmpProvider
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.limits import Limits
from mainapp.market.providers.replay import ReplayProvider
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.providers.source import Source
from mainapp.market.providers.yahoo import YahooProvider
from mainapp.market.providers.yahoo_fin import YahooFinProvider

MAX_TIMEOUT_S = 3.0
SETTING_PREFIXES = (
    "BINANCE_",
    "BRAPI_",
    "FMP_",
    "QUOTE_SOURCE",
    "REDIS_URL",
    "REPLAY_",
    "SIMULATED_",
    "SOURCE_",
    "YAHOO_",
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
    if name == "fmp":
        return FmpProvider(
            key=settings.FMP_KEY,
            url=settings.FMP_URL,
            timeout=timeout,
            proxy=proxy,
            budget=Budget(calls=settings.FMP_BUDGET_PER_DAY, period="day"),
            limits=Limits(
                name,
                account=f"{settings.FMP_URL} {settings.FMP_KEY}",
                redis_url=settings.REDIS_URL,
            ),
        )
    budget = Budget(calls=settings.YAHOO_BUDGET_PER_HOUR, period="hour")
    if name == "yahoo":
        return YahooProvider(url=settings.YAHOO_URL, timeout=timeout, proxy=proxy, budget=budget)
    return YahooFinProvider(url=settings.YAHOO_FIN_URL, timeout=timeout, proxy=proxy, budget=budget)
