"""The contract of every source: shapes of results, and errors for faults."""

import json
import socket
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from threading import enumerate as enumerate_threads
from time import monotonic

import pytest

from mainapp.market.providers.base import Listing, ProviderError
from mainapp.market.quotes import rejection
from mainapp.market.sessions import SAO_PAULO
from mainapp.market.tests.providers.conftest import TIMEOUT_S
from mainapp.market.tests.providers.stub import Stub

WITH_HISTORY = ["brapi", "yahoo", "yahoo_fin"]
REMOTE = [*WITH_HISTORY, "fmp"]
ALL = ["simulated", *REMOTE]
SHORT_S, SLACK_S = 0.1, 0.8
SLOW = ("hang", "drip", "drip_headers")

FAULTS = {
    "rate_limited": "rate_limited",
    "rate_limited_seconds": "rate_limited",
    "rate_limited_date": "rate_limited",
    "unauthorized": "unauthorized",
    "broken": "server_error",
    "html": "bad_reply",
    "empty": "bad_reply",
    "list": "bad_reply",
    "deep": "bad_reply",
    "cut": "bad_reply",
    "truncated": "unreachable",
    "huge": None,  # each library reports another fault
    "hang": "timeout",
    "drip": "timeout",
    "drip_headers": "timeout",
}


@pytest.mark.parametrize("name", ALL)
def test_quotes_are_valid(make, name):
    quotes = make(name).quotes(["PETR4", "VALE3"])

    assert quotes.keys() == {"PETR4", "VALE3"}
    for symbol, quote in quotes.items():
        assert (quote.symbol, quote.source) == (symbol, name)
        assert quote.kind == ("simulated" if name == "simulated" else "real")
        assert rejection(quote, last=None, at=datetime.now(UTC)) is None
        assert isinstance(quote.price, Decimal)
        assert quote.low <= quote.high
        assert quote.volume >= 0
        assert quote.delay_s >= 0
        assert quote.quoted_at is None or quote.quoted_at.utcoffset() == timedelta(0)
        assert quote.previous_close > 0


@pytest.mark.parametrize("name", ALL)
def test_quotes_have_the_requested_symbols(make, name):
    quotes = make(name).quotes(["PETR4F", "PETR4", "IBOV"])

    assert quotes.keys() == {"PETR4F", "PETR4", "IBOV"}
    assert {symbol: quote.symbol for symbol, quote in quotes.items()} == {
        symbol: symbol for symbol in quotes
    }


@pytest.mark.parametrize("name", ALL)
def test_unknown_and_invalid_symbols_are_missing(make, name):
    symbols = ["PETR4", "x/../y", "", "'; --", "petr", "A" * 500]

    assert make(name).quotes(symbols).keys() == {"PETR4"}


@pytest.mark.parametrize("name", ["brapi", "yahoo"])
@pytest.mark.parametrize(
    ("reply_currency", "currency"),
    [('"usd"', "USD"), ("null", ""), ('""', ""), ('"US$"', "XXX"), ("7", "XXX")],
)
def test_currency_is_a_code_empty_or_unknown(make, stub, name, reply_currency, currency):
    stub.shape = lambda reply: json.loads(json.dumps(reply).replace('"BRL"', reply_currency))

    assert make(name).quotes(["PETR4"])["PETR4"].currency == currency


@pytest.mark.parametrize("name", ["brapi", "yahoo"])
def test_history_in_another_currency_is_a_provider_error(make, stub, name):
    stub.shape = lambda reply: json.loads(json.dumps(reply).replace('"BRL"', '"USD"'))

    with pytest.raises(ProviderError, match="another currency"):
        make(name).history("PETR4", "5d", "1d")


@pytest.mark.parametrize("name", REMOTE)
def test_unknown_stock_does_not_affect_the_others(make, name):
    assert make(name).quotes(["PETR4", "ABCD3", "VALE3"]).keys() == {"PETR4", "VALE3"}


@pytest.mark.parametrize("name", ALL)
def test_no_symbols_give_no_quotes(make, name):
    assert make(name).quotes([]) == {}


@pytest.mark.parametrize("name", ["simulated", *WITH_HISTORY])
def test_daily_history_is_ordered_and_starts_at_midnight(make, name):
    bars = make(name).history("PETR4", "5d", "1d")

    assert len(bars) >= 2
    assert all(before.starts_at < after.starts_at for before, after in pairwise(bars))
    for bar in bars:
        assert bar.starts_at.utcoffset() == timedelta(0)
        assert bar.starts_at.astimezone(SAO_PAULO).time().isoformat() == "00:00:00"
        assert bar.low <= min(bar.open, bar.close)
        assert bar.high >= max(bar.open, bar.close)


@pytest.mark.parametrize("name", ALL)
def test_history_of_an_invalid_ticker_is_a_provider_error(make, name):
    with pytest.raises(ProviderError):
        make(name).history("no ticker", "1y", "1d")


@pytest.mark.parametrize("name", ["brapi", "yahoo_fin"])
def test_tickers_are_listings(make, name):
    listings = make(name).tickers()

    assert {listing.symbol for listing in listings} >= {"PETR4", "VALE3"}
    assert all(isinstance(listing, Listing) for listing in listings)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", REMOTE)
def test_fault_is_a_provider_error_within_the_timeout_and_leaves_no_thread(make, stub, name, fault):
    timeout = SHORT_S if fault in SLOW else TIMEOUT_S
    provider = make(name, timeout=timeout)
    stub.fault = fault
    started_at = monotonic()

    if (name, fault) == ("fmp", "list"):  # there, an empty list is a reply without the stock
        assert provider.quotes(["PETR4"]) == {}
        return
    with pytest.raises(ProviderError) as caught:
        provider.quotes(["PETR4"])

    assert monotonic() - started_at < timeout + SLACK_S
    assert FAULTS[fault] in (caught.value.fault, None)
    assert str(caught.value).isprintable()
    for thread in enumerate_threads():
        if thread.name == "source":
            thread.join(SLACK_S)
            assert not thread.is_alive()


@pytest.mark.parametrize("fault", ["hang", "html", "broken", "truncated"])
@pytest.mark.parametrize("name", WITH_HISTORY)
def test_fault_of_history_is_a_provider_error_within_the_timeout(make, stub, name, fault):
    timeout = SHORT_S if fault in SLOW else TIMEOUT_S
    provider = make(name, timeout=timeout)
    stub.fault = fault
    started_at = monotonic()

    with pytest.raises(ProviderError):
        provider.history("PETR4", "1y", "1d")

    assert monotonic() - started_at < timeout + SLACK_S


@pytest.mark.parametrize("name", REMOTE)
def test_retry_after_is_passed_on(make, stub, name):
    provider = make(name)
    pauses = []
    for stub.fault in ("rate_limited", "rate_limited_seconds", "rate_limited_date"):
        with pytest.raises(ProviderError) as caught:
            provider.quotes(["PETR4"])
        pauses.append(caught.value.retry_after)

    assert pauses == [None, 7.0, pytest.approx(27, abs=4)]


@pytest.mark.parametrize("name", REMOTE)
def test_refused_connection_is_a_provider_error(make, name):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(ProviderError) as caught:
            make(name, url=url).quotes(["PETR4"])

    assert caught.value.fault == "unreachable"


@pytest.mark.parametrize("name", ["brapi", "yahoo", "fmp"])
def test_lower_case_symbol_in_a_reply_is_accepted(make, stub, name):
    stub.shape = lambda reply: json.loads(
        json.dumps(reply).replace("PETR4", "petr4").replace(".SA", ".sa")
    )

    assert make(name).quotes(["PETR4"]).keys() == {"PETR4"}


@pytest.mark.parametrize("name", REMOTE)
def test_redirect_to_another_site_is_refused(make, stub, name):
    other = Stub("127.0.0.2")
    stub.fault, stub.moved_to = "moved", other.url
    try:
        with pytest.raises(ProviderError) as caught:
            make(name).quotes(["PETR4"])
    finally:
        other.close()

    assert caught.value.fault == "bad_reply"
    assert "another site (127.0.0.2)" in str(caught.value)


@pytest.mark.parametrize("name", REMOTE)
def test_nan_price_stays_nan_and_does_not_affect_the_others(make, stub, name):
    stub.prices["VALE3"] = float("nan")

    quotes = make(name).quotes(["PETR4", "VALE3"])

    assert quotes["VALE3"].price.is_nan()
    assert quotes["PETR4"].price.is_finite()


@pytest.mark.parametrize("name", REMOTE)
def test_source_works_again_after_faults(make, stub, name):
    provider = make(name)
    for stub.fault in ("hang", "unauthorized", ""):
        provider._timeout = SHORT_S if stub.fault == "hang" else TIMEOUT_S
        try:
            quotes = provider.quotes(["PETR4"])
        except ProviderError:
            quotes = {}

    assert quotes.keys() == {"PETR4"}


@pytest.mark.parametrize("name", REMOTE)
def test_calls_are_counted_once(make, stub, name):
    provider = make(name)
    provider.quotes(["PETR4", "VALE3"])

    assert provider.calls_made() == len(stub.paths)
    assert provider.calls_made() == 0
