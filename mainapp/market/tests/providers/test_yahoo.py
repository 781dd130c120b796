"""Tests of the adapter for Yahoo Finance, beyond the common contract."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from mainapp.market.providers.base import ProviderError


def test_yahoo_reports_a_missing_endpoint_as_a_fault(make, stub):
    with pytest.raises(ProviderError) as caught:
        make("yahoo", url=f"{stub.url}/elsewhere").quotes(["PETR4"])

    assert (caught.value.fault, caught.value.permanent) == ("bad_reply", True)


def test_yahoo_requests_many_symbols_in_one_call(make, stub):
    stub.prices |= {f"ABC{chr(65 + n)}3": 10 + n for n in range(20)}
    quotes = make("yahoo").quotes(list(stub.prices))

    calls = [path for path in stub.paths if path.startswith("/v7/")]
    assert len(quotes) == 24
    assert len(calls) == 1
    assert "crumb=crumb" in calls[0]


def test_yahoo_reports_its_delay(make, stub):
    quote = make("yahoo").quotes(["PETR4"])["PETR4"]
    assert quote.delay_s == 900

    stub.shape = lambda reply: json.loads(
        json.dumps(reply).replace('"exchangeDataDelayedBy": 15', '"exchangeDataDelayedBy": 0')
    )
    assert make("yahoo").quotes(["PETR4"])["PETR4"].delay_s == 0


def test_yahoo_maps_the_symbol_of_the_index(make, stub):
    assert make("yahoo").quotes(["IBOV"])["IBOV"].price == Decimal("158554.70")
    assert "symbols=%5EBVSP" in stub.paths[-1]


def test_yahoo_history_skips_rows_without_a_price(make):
    bars = make("yahoo").history("PETR4", "1mo", "1d")

    assert [(bar.close, bar.volume) for bar in bars] == [
        (Decimal(38), 100),
        (Decimal("38.42"), 300),
    ]


@pytest.mark.parametrize(
    "reply",
    [
        [],
        {"chart": None},
        {"chart": {"result": []}},
        {"chart": {"result": [{"meta": {"symbol": "VALE3.SA"}}]}},
        {"chart": {"result": [{"timestamp": [1], "indicators": {"quote": [{"open": 5}]}}]}},
    ],
)
def test_yahoo_history_of_an_unexpected_shape_is_a_provider_error(make, stub, reply):
    stub.shape = lambda _: reply

    with pytest.raises(ProviderError):
        make("yahoo").history("PETR4", "1mo", "1d")


def test_yahoo_does_not_write_its_cache_to_the_home_folder(make):
    from yfinance.cache import _TzDBManager  # noqa: PLC0415 - slow to import

    make("yahoo").quotes(["PETR4"])

    assert Path(_TzDBManager.get_location()).name.startswith("pregao-yfinance-")
