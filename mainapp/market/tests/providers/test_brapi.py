"""Tests of the adapter for brapi.dev, beyond the common contract."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings

from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market.providers.base import Listing, ProviderError
from mainapp.market.providers.client import MAX_WORDS
from mainapp.market.providers.limits import Limits
from mainapp.market.tests.factories import ticker
from mainapp.market.tests.providers.stub import NOW, Plan, regular


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


# Limits that are learnt ------------------------------------------------------------------------


def many(stub, count):
    """Give the stub `count` stocks; return their symbols."""
    symbols = [ticker(n) for n in range(count)]
    stub.prices |= dict.fromkeys(symbols, 20.0)
    return symbols


def sizes(stub):
    """Return the number of symbols of each call."""
    return [path.count(",") + 1 for path in stub.paths]


def shared_limits(account="https://brapi.dev token"):
    return Limits("brapi", account=account, redis_url=settings.REDIS_URL)


@pytest.fixture
def _forget():
    client = redis_client()
    for name in client.scan_iter(key("source", "brapi", "limits", "*")):
        client.delete(name)


@pytest.mark.parametrize("status", [400, 402, 403, 413, 414, 417, 422])
def test_brapi_learns_that_its_plan_allows_one_stock_a_call(make, stub, status):
    symbols = many(stub, 8)
    stub.plan = Plan(batch_size=1, status=status)
    provider = make("brapi")

    assert provider.quotes(symbols).keys() == set(symbols)
    assert sizes(stub) == [8, 4, 2, *[1] * 8]

    del stub.paths[:]
    assert provider.quotes(symbols).keys() == set(symbols)
    assert sizes(stub) == [1] * 8
    assert provider.calls_for(symbols) == 8


@pytest.mark.parametrize(("batch_size", "learnt"), [(3, "3"), (5, "5"), (7, "5")])
def test_brapi_learns_the_size_of_its_batches(make, stub, batch_size, learnt):
    stub.plan = Plan(batch_size=batch_size)
    provider = make("brapi")

    assert len(provider.quotes(many(stub, 10))) == 10

    (limit,) = provider.limits()
    assert (limit.kind, limit.value) == ("batch", learnt)
    assert limit.words == f"Seu plano permite até {batch_size} ativo(s) por requisição."


def test_brapi_loses_only_the_symbol_that_is_refused(make, stub):
    symbols = many(stub, 8)
    stub.plan = Plan(malformed=frozenset(symbols[5:6]))
    provider = make("brapi")

    assert provider.quotes(symbols).keys() == set(symbols) - {symbols[5]}
    assert provider.limits() == []

    del stub.paths[:]
    assert len(provider.quotes(symbols)) == 7
    assert sizes(stub) == [7]


def test_brapi_that_refuses_even_a_free_stock_refuses_the_access(make, stub):
    symbols = many(stub, 4)
    stub.plan = Plan(allows_access=False, status=403)
    provider = make("brapi")

    with pytest.raises(ProviderError, match="Seu plano não inclui") as caught:
        provider.quotes(symbols)
    assert (caught.value.fault, caught.value.permanent) == ("unauthorized", True)
    assert sizes(stub) == [4, 2, 1, 1]
    assert provider.limits() == []

    del stub.paths[:]
    with pytest.raises(ProviderError):
        provider.quotes(symbols)
    assert stub.paths == ["/api/quote/PETR4"]

    stub.plan = Plan()
    assert len(provider.quotes(symbols)) == 4


def test_refusal_without_a_message_teaches_nothing(make, stub):
    stub.fault = "payment"

    with pytest.raises(ProviderError) as caught:
        make("brapi").quotes(many(stub, 4))

    assert caught.value.fault == "unauthorized"
    assert len(stub.paths) == 1


def test_quotes_read_before_the_time_is_over_are_kept(make, stub):
    symbols = many(stub, 8)
    stub.plan, stub.delay_s = Plan(batch_size=1), 0.1
    provider = make("brapi", timeout=0.65)

    with pytest.raises(ProviderError) as caught:
        provider.quotes(symbols)

    received = caught.value.partial_quotes.keys()
    assert caught.value.fault == "unfinished"
    assert received
    assert received | caught.value.unreached == set(symbols)
    assert [limit.value for limit in provider.limits()] == ["1"]


@pytest.mark.usefixtures("_forget")
def test_limits_are_shared_by_processes_and_belong_to_an_account(make, stub):
    symbols = many(stub, 4)
    stub.plan = Plan(batch_size=1)
    make("brapi", limits=shared_limits()).quotes(symbols)
    del stub.paths[:]

    make("brapi", limits=shared_limits()).quotes(symbols)
    assert sizes(stub) == [1] * 4

    assert shared_limits("https://brapi.dev another token").all() == []


@pytest.mark.usefixtures("_forget")
def test_limits_are_tried_again_after_a_day(make, stub):
    symbols = many(stub, 4)
    stub.plan = Plan(batch_size=1)
    with time_machine.travel(datetime(2026, 6, 15, 15, tzinfo=UTC), tick=False) as clock:
        provider = make("brapi", limits=shared_limits())
        provider.quotes(symbols)
        (limit,) = provider.limits()
        assert limit.retry_at == datetime(2026, 6, 16, 15, tzinfo=UTC)

        stub.plan = Plan()
        clock.shift(timedelta(days=1))
        del stub.paths[:]
        provider.quotes(symbols)

    assert sizes(stub) == [4]
    assert provider.limits() == []


def test_message_of_a_refusal_is_one_printable_line(make, stub):
    symbols = many(stub, 2)
    stub.plan = Plan(batch_size=1)
    stub.shape = lambda reply: (
        reply | {"message": "a\nb\u202e<b>\0" + "x" * 999} if "message" in reply else reply
    )
    provider = make("brapi")
    provider.quotes(symbols)

    (limit,) = provider.limits()
    assert limit.words.startswith("a b <b> xxx")
    assert len(limit.words) == MAX_WORDS


def test_many_stocks_of_a_plan_with_small_calls_are_read_from_the_list(make, stub):
    symbols = many(stub, 12)
    stub.plan = Plan(batch_size=1)
    provider = make("brapi")
    provider.quotes(symbols[:4])
    del stub.paths[:]

    assert provider.quotes([*symbols, "IBOV"]).keys() == {*symbols, "IBOV"}
    assert sorted(stub.paths) == ["/api/quote/%5EBVSP", "/api/quote/list"]
    assert provider.calls_for([*symbols, "IBOV"]) == 2


def test_many_stocks_are_requested_by_name_if_there_is_no_list(make, stub):
    symbols = many(stub, 12)
    stub.plan = Plan(batch_size=1)
    provider = make("brapi")
    provider.quotes(symbols[:4])
    stub.has_list = False

    with pytest.raises(ProviderError) as caught:
        provider.quotes(symbols)
    assert (caught.value.fault, caught.value.unreached) == ("unfinished", frozenset(symbols))
    del stub.paths[:]

    assert provider.quotes(symbols).keys() == set(symbols)
    assert sizes(stub) == [1] * 12


def test_message_of_a_refusal_hides_the_token(make, stub):
    symbols = many(stub, 2)
    stub.plan = Plan(batch_size=1)
    stub.shape = lambda reply: (
        reply | {"message": "O token s3cr3t permite 1 ativo."} if "message" in reply else reply
    )
    provider = make("brapi", token="s3cr3t")
    provider.quotes(symbols)

    assert [limit.words for limit in provider.limits()] == ["O token … permite 1 ativo."]


def ranges(stub):
    return [parse_qs(urlsplit(path).query)["range"][0] for path in stub.paths]


def test_brapi_learns_the_longest_range(make, stub):
    stub.plan = Plan(longest_range="3mo")
    provider = make("brapi")
    assert provider.gives_whole("1y", "1d")

    assert len(provider.history("PETR4", "1y", "1d")) == 3
    assert ranges(stub) == ["1y", "ytd", "6mo", "3mo"]
    assert [provider.gives_whole(name, "1d") for name in ("1y", "3mo")] == [False, True]
    (limit,) = provider.limits()
    assert (limit.kind, limit.value) == ("range:1d", "3mo")
    assert limit.words == "Range 1y não disponível no seu plano."

    del stub.paths[:]
    provider.history("VALE3", "5y", "1d")
    assert ranges(stub) == ["3mo"]


def test_history_of_a_refused_symbol_teaches_nothing(make, stub):
    stub.plan = Plan(malformed=frozenset({"VALE3"}))
    provider = make("brapi")

    with pytest.raises(ProviderError, match="Símbolo inválido"):
        provider.history("VALE3", "1mo", "1d")

    assert provider.limits() == []


# The previous close ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "close"),
    [
        ({"regularMarketChange": 0.2099991}, "38.21"),
        ({"regularMarketChange": -1.58}, "40.00"),
        ({"regularMarketChangePercent": 0.5495943}, "38.21"),
        ({"regularMarketChangePercent": "-3.95"}, "40.00"),
        ({"regularMarketChange": 0, "regularMarketChangePercent": 9}, "38.42"),
        ({"regularMarketChange": float("nan"), "regularMarketChangePercent": 0}, "38.42"),
        ({"regularMarketChange": 99}, None),
        ({"regularMarketChange": True}, None),
        ({"regularMarketChangePercent": -100}, None),
        ({}, None),
    ],
)
def test_missing_previous_close_is_derived_from_the_change(make, stub, fields, close):
    def shape(reply):
        (row,) = reply["results"]
        del row["regularMarketPreviousClose"]
        return reply | {"results": [row | fields]}

    stub.shape = shape
    quote = make("brapi").quotes(["PETR4"])["PETR4"]

    assert quote.previous_close == (close and Decimal(close))


def test_quotes_of_the_first_pages_survive_a_fault_of_a_later_one(make, stub):
    stub.prices.clear()
    symbols = many(stub, 6)
    paged(stub, 3)
    shape = stub.shape
    stub.shape = lambda reply: [] if "page=3" in stub.paths[-1] else shape(reply)

    with pytest.raises(ProviderError) as caught:
        make("brapi", token="").quotes(symbols)

    assert caught.value.partial_quotes.keys() == set(symbols) - {symbols[2], symbols[5]}


def test_each_page_of_the_list_has_its_own_timeout(make, stub):
    symbols = many(stub, 6)
    paged(stub, 3)
    provider = make("brapi", token="", timeout=0.2)
    provider.tickers()
    assert provider.calls_for(symbols) == 3

    stub.delay_s = 0.1
    assert provider.quotes(symbols).keys() == set(symbols)
