"""Tests of the adapter for brapi.dev, beyond the common contract."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from mainapp.market.providers.base import Listing, ProviderError
from mainapp.market.tests.providers.stub import NOW, regular


def test_brapi_sends_its_token_in_a_header_only(make, stub):
    make("brapi", token="secret").quotes(["PETR4"])

    assert stub.headers[0]["authorization"] == "Bearer secret"
    assert "secret" not in stub.paths[0]


def test_brapi_requests_quotes_in_batches(make, stub):
    provider = make("brapi", batch_size=2)
    quotes = provider.quotes(["PETR4", "VALE3", "ITUB4", "MGLU3", "IBOV"])

    assert len(quotes) == 5
    assert sorted(stub.paths) == [
        "/api/quote/%5EBVSP",
        "/api/quote/ITUB4,MGLU3",
        "/api/quote/PETR4,VALE3",
    ]
    assert provider.calls_for(["PETR4", "VALE3", "ITUB4", "MGLU3", "IBOV"]) == 3


def test_brapi_parses_every_field(make, stub):
    quote = make("brapi").quotes(["PETR4"])["PETR4"]

    assert quote.quoted_at == datetime.fromtimestamp(NOW - 900, UTC)
    assert quote.name == "PETR4 long"
    assert (quote.open, quote.high, quote.low) == (
        Decimal("38.30"),
        Decimal("38.90"),
        Decimal("38.01"),
    )
    assert (quote.year_low, quote.year_high) == (Decimal("28.86"), Decimal("41.20"))
    assert (quote.volume, quote.market_cap) == (23_456_700, Decimal("498200000000.00"))


@pytest.mark.parametrize("took", [8, "8ms", None])
def test_brapi_accepts_any_form_of_took(make, stub, took):
    stub.shape = lambda reply: reply | {"took": took}

    assert make("brapi").quotes(["PETR4"]).keys() == {"PETR4"}


def test_brapi_skips_its_wrong_axia_symbols(make, stub):
    stub.prices |= {"AXIA3": 58.0, "AXIA5": 58.0, "AXIA6": 58.0}

    assert make("brapi").quotes(["AXIA3", "AXIA5", "AXIA6"]).keys() == {"AXIA3"}
    assert stub.paths == ["/api/quote/AXIA3"]


def test_brapi_ignores_rows_of_other_stocks(make, stub):
    stub.shape = lambda reply: {"results": [regular("PETR3", 1), regular("VALE3", 2), 7, None]}

    assert make("brapi").quotes(["PETR4", "VALE3"]).keys() == {"VALE3"}


def test_brapi_does_not_repeat_requests_for_unknown_stocks(make, stub):
    provider = make("brapi")
    symbols = ["PETR4", "ABCD3", "VALE3", "ITUB4"]
    provider.quotes(symbols)
    del stub.paths[:]

    assert provider.quotes(symbols).keys() == {"PETR4", "VALE3", "ITUB4"}
    assert stub.paths == ["/api/quote/PETR4,VALE3,ITUB4"]


def test_brapi_without_any_known_stock_is_a_fault_after_two_calls(make, stub):
    stub.prices.clear()
    provider = make("brapi")
    symbols = ["VALE3", "ITUB4", "MGLU3", "PETR4"]

    with pytest.raises(ProviderError) as caught:
        provider.quotes(symbols)

    assert (caught.value.fault, caught.value.permanent) == ("bad_reply", True)
    assert stub.paths == ["/api/quote/VALE3,ITUB4,MGLU3,PETR4", "/api/quote/PETR4"]
    assert provider.calls_for(symbols) == 1


def test_brapi_without_a_token_uses_the_list(make, stub):
    stub.prices |= {"WEGE3": 44.0}
    quotes = make("brapi", token="").quotes(["PETR4", "WEGE3", "IBOV"])

    assert quotes.keys() == {"PETR4", "WEGE3"}
    assert quotes["WEGE3"].quoted_at is None
    assert quotes["WEGE3"].price == Decimal("44.00")
    assert quotes["WEGE3"].previous_close == Decimal("43.76")
    assert sorted(stub.paths) == ["/api/quote/PETR4", "/api/quote/list"]


def test_brapi_lists_the_market(make):
    assert (
        Listing(symbol="PETR4", name="Petr4", sector="Energy Minerals") in make("brapi").tickers()
    )


def paged(stub, pages, *, ends=True):
    """Make the stub serve its list in pages."""

    def shape(reply):
        page = int(parse_qs(urlsplit(stub.paths[-1]).query).get("page", ["1"])[0])
        rows = reply["stocks"][page - 1 :: pages]
        return reply | {"stocks": rows, "hasNextPage": page < pages or not ends}

    stub.shape = shape


def test_brapi_reads_every_page_of_its_list(make, stub):
    paged(stub, 3)

    assert {listing.symbol for listing in make("brapi").tickers()} == {
        symbol for symbol in stub.prices if symbol[0] != "^"
    }
    assert stub.paths == [f"/api/quote/list{page}" for page in ("", "?page=2", "?page=3")]


def test_brapi_reports_an_endless_list_as_a_fault(make, stub):
    paged(stub, 1, ends=False)

    with pytest.raises(ProviderError, match="more than 10 pages"):
        make("brapi").tickers()
    assert len(stub.paths) == 10


def test_brapi_reports_a_missing_list_as_a_fault(make, stub):
    with pytest.raises(ProviderError) as caught:
        make("brapi", token="", url=f"{stub.url}/elsewhere").quotes(["WEGE3"])

    assert (caught.value.fault, caught.value.permanent) == ("bad_reply", True)
