"""Fixtures for the tests of sources."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mainapp.market.providers.base import QuoteProvider
from mainapp.market.providers.brapi import BrapiProvider
from mainapp.market.providers.fmp import FmpProvider
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.providers.yahoo import YahooProvider
from mainapp.market.providers.yahoo_fin import YahooFinProvider
from mainapp.market.tests.providers.stub import Stub

TIMEOUT_S = 3.0
Make = Callable[..., QuoteProvider]


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    yield stub
    stub.close()


@pytest.fixture(scope="session", autouse=True)
def _libraries() -> None:
    """Import the adapters' libraries now: at the first call they would exceed a test's deadline."""
    import httpx  # noqa: F401, PLC0415
    import yfinance.data  # noqa: F401, PLC0415

    from mainapp.market.providers import yahoo_fin  # noqa: PLC0415

    yahoo_fin._library()


@pytest.fixture
def make(stub: Stub) -> Make:
    """Return a factory of adapters that call the stub."""

    def make(
        name: str, *, url: str = "", timeout: float = TIMEOUT_S, **options: Any
    ) -> QuoteProvider:
        url = url or stub.url
        if name == "simulated":
            return SimulatedProvider()
        if name == "brapi":
            return BrapiProvider(url=url, timeout=timeout, **{"token": "secret", **options})
        if name == "fmp":
            return FmpProvider(url=url, timeout=timeout, **{"key": "secret-key", **options})
        if name == "yahoo":
            return YahooProvider(url=url, timeout=timeout, **options)
        return YahooFinProvider(url=url, timeout=timeout, **options)

    return make
