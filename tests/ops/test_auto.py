"""QUOTE_SOURCE=auto: real prices if a source answers, else a market labelled as simulated."""

import pytest

from mainapp.market.tests.providers.binance import BinanceStub
from mainapp.market.tests.providers.stub import Stub
from tests.instances import get, instance

SOURCES = ("BRAPI_URL", "YAHOO_URL", "YAHOO_FIN_URL", "BINANCE_URL")
UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def start(data_dir):
    """Return a function that starts an instance with QUOTE_SOURCE unset."""

    def start_(**urls):
        env_vars = dict.fromkeys(SOURCES, UNREACHABLE) | urls
        return instance(data_dir, QUOTE_SOURCE="", SOURCE_TIMEOUT_S="1", **env_vars)

    return start_


@pytest.fixture
def stub():
    started = Stub()
    yield started
    started.close()


def test_simulated_market_where_no_source_answers(start):
    with start() as running:
        quotes = next(line for line in running.log.splitlines() if line.startswith("  quotes"))
        status, page = get(f"{running.url}/")

    assert quotes.startswith(
        "  quotes   simulated: SIMULATED PRICES, no real source answered (brapi: "
    )
    assert (status, "mercado simulado" in page.lower()) == (200, True)


def test_source_of_crypto_currencies_alone_is_not_enough(start):
    binance = BinanceStub()
    try:
        with start(BINANCE_URL=binance.url) as running:
            quotes = next(line for line in running.log.splitlines() if line.startswith("  quotes"))
    finally:
        binance.close()

    assert quotes.startswith("  quotes   simulated: ")
    assert "ticker/24hr" in binance.paths()


def test_real_prices_where_a_source_answers(start, stub):
    with start(BRAPI_URL=stub.url) as running:
        quotes = next(line for line in running.log.splitlines() if line.startswith("  quotes"))
        status, page = get(f"{running.url}/")

    assert quotes.startswith("  quotes   brapi,yahoo,yahoo_fin,binance: brapi answered (yahoo: ")
    assert (status, "mercado simulado" in page.lower()) == (200, False)
