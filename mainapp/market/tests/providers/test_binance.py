"""Polling of Binance: the day in São Paulo, exact prices, and every kind of refusal."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from mainapp.market.providers import binance
from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.binance import BinanceProvider
from mainapp.market.quotes import rejection
from mainapp.market.sessions import SAO_PAULO
from mainapp.market.tests.providers.binance import BinanceStub

NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # a Tuesday, noon in São Paulo


@pytest.fixture
def stub():
    stub = BinanceStub()
    yield stub
    stub.close()


@pytest.fixture
def provider(stub):
    return BinanceProvider(url=stub.url)


def test_price_and_day_are_exact(provider):
    quotes = provider.quotes(["BTCBRL", "PETR4", "TINYBRL"])

    assert quotes.keys() == {"BTCBRL", "TINYBRL"}
    btc, tiny = quotes["BTCBRL"], quotes["TINYBRL"]
    assert (str(btc.price), str(btc.previous_close)) == ("345678.12", "340000.00")
    assert (str(tiny.price), str(tiny.previous_close)) == ("0.00012345", "0.00012")
    assert (btc.quoted_at, btc.currency, btc.delay_s) == (NOON, "BRL", 0)
    assert btc.low < btc.price < btc.high
    assert btc.volume == Decimal("12.34567")
    assert rejection(btc, last=None, at=NOON, currency="BRL") is None


def test_previous_close_is_that_of_midnight_and_never_of_24_hours_ago(provider, stub):
    before = provider.quotes(["BTCBRL"])["BTCBRL"]
    stub.at, stub.closes["BTCBRL"] = datetime(2026, 3, 11, 3, 0, 1, tzinfo=UTC), "350000"

    after = provider.quotes(["BTCBRL"])["BTCBRL"]

    assert (before.previous_close, after.previous_close) == (340_000, 350_000)
    klines = [params for path, params in stub.calls if path == "klines"]
    midnights = [int(params["endTime"]) + 1 for params in klines]
    assert [datetime.fromtimestamp(ms / 1000, SAO_PAULO).hour for ms in midnights] == [0, 0]


def test_previous_close_is_requested_once_a_day(provider, stub):
    assert provider.calls_for(["BTCBRL", "PETR4"]) == 3
    for _ in range(3):
        provider.quotes(["BTCBRL"])

    assert stub.paths().count("klines") == 1
    assert provider.calls_made() == 7
    assert provider.calls_for(["PETR4"]) == 0


def test_day_of_another_time_zone_is_not_ours(provider, stub):
    stub.day = {"openTime": int(datetime(2026, 3, 10, tzinfo=UTC).timestamp() * 1000)}

    quote = provider.quotes(["BTCBRL"])["BTCBRL"]

    assert (quote.open, quote.high, quote.low, quote.volume) == (None,) * 4
    assert quote.previous_close == 340_000


def test_unknown_pair_does_not_affect_the_others_and_is_not_asked_again(provider, stub):
    assert provider.quotes(["BTCBRL", "GONEBRL", "TINYBRL"]).keys() == {"BTCBRL", "TINYBRL"}

    stub.calls.clear()
    provider.quotes(["BTCBRL", "GONEBRL", "TINYBRL"])
    assert all("GONEBRL" not in str(params) for _, params in stub.calls)


@pytest.mark.parametrize(
    ("ticker", "reason"),
    [
        ({"lastPrice": "NaN"}, "not_finite"),
        ({"lastPrice": "0.00000000"}, "not_positive"),
        ({"lastPrice": "-1"}, "not_positive"),
        ({"lastPrice": "600000"}, "out_of_range"),
    ],
)
def test_wrong_price_is_refused(provider, stub, ticker, reason):
    stub.ticker = ticker | {"highPrice": "350000", "lowPrice": "330000"}
    quote = provider.quotes(["BTCBRL"])["BTCBRL"]
    assert rejection(quote, last=None, at=NOON, currency="BRL") == reason


def test_price_outside_the_day_of_a_tiny_pair_is_refused(provider, stub):
    """An allowance of a cent would let any price of it pass."""
    stub.day = {"lowPrice": "0.00012000", "highPrice": "0.00012100"}
    quote = provider.quotes(["TINYBRL"])["TINYBRL"]
    assert rejection(quote, last=None, at=NOON, currency="BRL") == "out_of_range"


@pytest.mark.parametrize(
    ("status", "body", "pause", "fault", "retry_after"),
    [
        (429, b'{"code":-1003,"msg":"Too many requests."}', "7", "rate_limited", 7),
        (418, b'{"code":-1003,"msg":"IP banned."}', "120", "rate_limited", 120),
        (403, b"<html>WAF</html>", "", "unauthorized", None),
        (451, b'{"code":0,"msg":"restricted location"}', "", "unauthorized", None),
        (400, b'{"code":-1100,"msg":"Illegal characters"}', "", "refused", None),
        (500, b"", "", "server_error", None),
        (200, b"<html>", "", "bad_reply", None),
        (200, b"{}", "", "bad_reply", None),
    ],
)
def test_fault_is_named(provider, stub, status, body, pause, fault, retry_after):
    stub.answers["ticker/24hr"] = (status, body, pause)
    with pytest.raises(ProviderError) as error:
        provider.quotes(["BTCBRL"])
    assert (error.value.fault, error.value.retry_after) == (fault, retry_after)


def test_failed_candles_do_not_cost_the_prices(provider, stub):
    stub.answers["klines"] = (429, b"{}", "5")
    with pytest.raises(ProviderError) as error:
        provider.quotes(["BTCBRL", "TINYBRL"])

    assert error.value.partial_quotes["BTCBRL"].price == Decimal("345678.12")
    assert error.value.partial_quotes["BTCBRL"].previous_close is None
    assert stub.paths().count("klines") == 1  # no storm


@pytest.mark.parametrize(
    ("range_", "interval", "calls", "step"),
    [("1d", "1m", 1, timedelta(minutes=1)), ("1mo", "1d", 1, timedelta(days=1)),
     ("5y", "1d", 2, timedelta(days=1)), ("5d", "15m", 1, timedelta(minutes=15))],
)  # fmt: skip
def test_history_is_whole(provider, stub, time_machine, range_, interval, calls, step):
    time_machine.move_to(NOON, tick=False)

    bars = provider.history("TINYBRL", range_, interval)

    assert stub.paths() == ["klines"] * calls
    assert {b.starts_at - a.starts_at for a, b in pairwise(bars)} == {step}
    assert bars[0].starts_at.astimezone(SAO_PAULO).hour == 0
    assert (str(bars[0].close), bars[0].volume) == ("0.00012", Decimal("1.5"))
    assert provider.gives_whole(range_, interval)


def test_days_of_another_time_zone_are_refused(provider, stub, monkeypatch, time_machine):
    time_machine.move_to(NOON, tick=False)
    monkeypatch.setattr(binance, "TIME_ZONE", "0")
    with pytest.raises(ProviderError, match="another time zone"):
        provider.history("BTCBRL", "1mo", "1d")


def test_history_of_a_stock_of_b3_makes_no_call(provider, stub):
    with pytest.raises(ProviderError, match="has no PETR4"):
        provider.history("PETR4", "1y", "1d")
    assert stub.calls == []
