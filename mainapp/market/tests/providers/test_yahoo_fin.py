"""Tests of the adapter for yahoo_fin, beyond the common contract."""

from decimal import Decimal

import pytest

from mainapp.market.providers.base import Listing, ProviderError


def test_yahoo_fin_parses_the_quote_table(make):
    quote = make("yahoo_fin").quotes(["PETR4"])["PETR4"]

    assert quote.price == Decimal("38.42")
    assert (quote.previous_close, quote.open) == (Decimal("38.21"), Decimal("38.30"))
    assert (quote.low, quote.high) == (Decimal("38.01"), Decimal("38.90"))
    assert (quote.year_low, quote.year_high) == (Decimal("28.86"), Decimal("41.20"))
    assert (quote.volume, quote.market_cap) == (23_456_700, Decimal("498200000000.00"))
    assert quote.quoted_at is None


def test_yahoo_fin_lists_stocks_of_the_index(make):
    assert make("yahoo_fin").tickers() == [
        Listing(symbol="PETR4", name="Petrobras", sector="Petróleo"),
        Listing(symbol="VALE3", name="Vale", sector="Mineração"),
    ]


def test_yahoo_fin_stops_when_rate_limited(make, stub):
    stub.fault = "rate_limited"
    with pytest.raises(ProviderError):
        make("yahoo_fin").quotes([f"ABC{chr(65 + n)}{m}" for n in range(20) for m in (3, 4)])

    assert len(stub.paths) <= 16
