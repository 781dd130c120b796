"""Stocks, quotes, candles and sources."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from mainapp.market.tests.factories import (
    CandleFactory,
    CorporateEventFactory,
    LastQuoteFactory,
    MembershipFactory,
    StockFactory,
)

V1 = "/api/v1/"


@pytest.fixture
def stocks(db):
    made = {
        "PETR4": StockFactory(symbol="PETR4", name="Petrobras", sector="Petróleo"),
        "VALE3": StockFactory(symbol="VALE3", name="Vale", sector="Mineração"),
        "HGLG11": StockFactory(symbol="HGLG11", name="CSHG Logística", kind="FII"),
        "ITUB4": StockFactory(symbol="ITUB4", name="Itaú", sector="Bancos"),
    }
    LastQuoteFactory(stock=made["PETR4"], price=Decimal("36.00"), previous_close=Decimal("40.00"))
    LastQuoteFactory(stock=made["VALE3"], price=Decimal("63.00"), previous_close=Decimal("60.00"))
    LastQuoteFactory(stock=made["HGLG11"], price=Decimal("160.00"), previous_close=None)
    # A real quote is not shown while the market is simulated.
    LastQuoteFactory(stock=made["ITUB4"], price=Decimal("30.00"), kind="real")
    MembershipFactory(stock=made["PETR4"])
    return made


def symbols(client, **query):
    response = client.get(f"{V1}stocks/", query)
    assert response.status_code == 200, response.json()
    return [row["symbol"] for row in response.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["HGLG11", "ITUB4", "PETR4", "VALE3"]),
        ({"market": "IBOV"}, ["PETR4"]),
        ({"market": "FII"}, ["HGLG11"]),
        ({"kind": "ON"}, ["VALE3"]),
        ({"sector": "Bancos"}, ["ITUB4"]),
        ({"q": "itau"}, ["ITUB4"]),
        ({"q": "LOGÍSTICA cshg"}, ["HGLG11"]),
        ({"price_min": "36.01"}, ["HGLG11", "VALE3"]),
        ({"price_max": "36.00"}, ["PETR4"]),
        ({"change_min": "5"}, ["VALE3"]),
        ({"change_max": "-10.00"}, ["PETR4"]),
        ({"ordering": "-price"}, ["HGLG11", "VALE3", "PETR4", "ITUB4"]),
        ({"ordering": "change_pct"}, ["PETR4", "VALE3", "HGLG11", "ITUB4"]),
        ({"page_size": 1, "page": 3}, ["PETR4"]),
    ],
)
def test_stocks_are_filtered_and_ordered(stocks, client, query, expected):
    assert symbols(client, **query) == expected


def test_stock_has_what_the_catalogue_knows(db, client):
    new = StockFactory(symbol="AAPL34", isin="BRAAPLBDR004", underlying="AAPL", country="US")
    StockFactory(symbol="APLE34", is_active=False, renamed_to=new)

    stock = client.get(f"{V1}stocks/aple34/").json()

    assert {
        name: stock[name]
        for name in ("symbol", "kind", "isin", "underlying", "country", "is_active")
    } == {
        "symbol": "AAPL34",
        "kind": "BDR",
        "isin": "BRAAPLBDR004",
        "underlying": "AAPL",
        "country": "US",
        "is_active": True,
    }


@pytest.mark.parametrize(
    ("text", "former"),
    [
        ("jbss32", None),
        (
            "jbss3f",
            {
                "symbol": "JBSS3",
                "became": "JBSS32",
                "ratio": "0.5",
                "sure": True,
                "note": "JBSS3 virou JBSS32 em 09/06/2025. 1 JBSS3 = 0,5 JBSS32.",
            },
        ),
        (
            "CIEL3",
            {
                "symbol": "CIEL3",
                "became": None,
                "ratio": None,
                "sure": True,
                "note": "CIEL3 deixou de ser negociado.",
            },
        ),
        (
            "ENDA3",
            {
                "symbol": "ENDA3",
                "became": None,
                "ratio": None,
                "sure": True,
                "note": "ENDA3 virou CIEL3, que deixou de ser negociado.",
            },
        ),
    ],
)
def test_stock_requested_by_a_former_code_says_so(db, client, text, former):
    new = StockFactory(symbol="JBSS32")
    old = StockFactory(symbol="JBSS3", is_active=False, renamed_to=new)
    CorporateEventFactory(stock=old, successor=new, kind="merger", ratio=Decimal("0.5"))
    ended = StockFactory(symbol="CIEL3", is_active=False)
    renamed = StockFactory(symbol="ENDA3", is_active=False, renamed_to=ended)
    CorporateEventFactory(stock=renamed, successor=ended, ratio=1)

    assert client.get(f"{V1}stocks/{text}/").json()["former_code"] == former


def test_former_code_finds_its_successor_among_the_stocks(db, client):
    new = StockFactory(symbol="BHIA3", name="Casas Bahia")
    StockFactory(symbol="VVAR3", name="Via Varejo", is_active=False, renamed_to=new)

    assert symbols(client, q="varejo") == ["BHIA3"]


def test_quotes_of_codes_that_ended_are_never_pending(db, client):
    StockFactory(symbol="CIEL3", is_active=False)
    LastQuoteFactory(stock=StockFactory(symbol="ENBR3", is_active=False))

    answer = client.get(f"{V1}quotes/?symbols=CIEL3,ENBR3").json()

    assert (list(answer["quotes"]), answer["pending"], answer["unknown"]) == (
        ["ENBR3"],
        [],
        ["CIEL3"],
    )


@pytest.mark.parametrize(
    "query", [{"market": "NADA"}, {"price_min": "x"}, {"price_min": "NaN"}, {"ordering": "id"}]
)
def test_invalid_query_of_stocks_is_refused(db, client, query):
    response = client.get(f"{V1}stocks/", query)

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert response.json()["fields"].keys() == query.keys()


@pytest.mark.parametrize("page", ["0", "3", "x", "last", "9" * 30])
def test_missing_page_is_404(stocks, client, page):
    assert client.get(f"{V1}stocks/?page={page}&page_size=3").status_code == 404


@pytest.mark.parametrize("rows", [3, 30])
def test_stocks_cost_the_same_queries_at_any_number(db, client, django_assert_num_queries, rows):
    for _ in range(rows):
        LastQuoteFactory()
    with django_assert_num_queries(3):
        assert len(symbols(client)) == rows


def test_stock_has_its_quote(stocks, client):
    data = client.get(f"{V1}stocks/petr4f/").json()

    assert data["symbol"] == "PETR4"
    assert data["quote"]["price"] == "36.00"
    assert data["quote"]["change_pct"] == "-10.00"
    assert data["quote"]["quoted_at"].endswith("Z")
    assert client.get(f"{V1}stocks/ITUB4/").json()["quote"] is None


def test_former_symbol_returns_its_present_stock(stocks, client):
    StockFactory(symbol="PETZ3", is_active=False, renamed_to=stocks["VALE3"])

    assert client.get(f"{V1}stocks/PETZ3/").json()["symbol"] == "VALE3"


@pytest.mark.parametrize("path", ["stocks/XXXX3/", "stocks/nada/", "candles/XXXX3/"])
def test_unknown_stock_is_404(db, client, path):
    assert client.get(V1 + path).json()["code"] == "not_found"


def test_quotes_have_the_form_of_the_socket(stocks, client):
    data = client.get(f"{V1}quotes/?symbols=PETR4,ITUB4&symbols=XXXX1").json()

    assert data["quotes"].keys() == {"PETR4"}
    assert data["quotes"]["PETR4"]["change"] == "-4.00"
    assert (data["pending"], data["unknown"]) == (["ITUB4"], ["XXXX1"])


@pytest.mark.parametrize("rows", [3, 30])
def test_quotes_cost_the_same_queries_at_any_number(db, client, django_assert_num_queries, rows):
    symbols_query = ",".join(LastQuoteFactory().stock.symbol for _ in range(rows))
    with django_assert_num_queries(2):
        assert len(client.get(f"{V1}quotes/", {"symbols": symbols_query}).json()["quotes"]) == rows


def test_quotes_need_symbols(db, client):
    assert client.get(f"{V1}quotes/").status_code == 400
    assert client.get(f"{V1}quotes/?symbols={'A,' * 201}").status_code == 400


def test_candles_have_decimal_strings_and_utc_times(stocks, client, monkeypatch):
    CandleFactory(stock=stocks["PETR4"])
    data = client.get(f"{V1}candles/PETR4/?range=max").json()

    assert data["candles"] == [
        {
            "time": "2026-03-10T03:00:00.000Z",
            "open": "38.00",
            "high": "39.00",
            "low": "37.50",
            "close": "38.42",
            "volume": 1000,
        }
    ]
    assert (data["interval"], data["source"]) == ("1d", "simulated")
    assert client.get(f"{V1}candles/PETR4/?range=2d").status_code == 400


def test_sources_list_the_source_in_use(db, client):
    data = client.get(f"{V1}sources/").json()

    assert [source["name"] for source in data["sources"]] == ["simulated"]
    assert data["session"] == "open"


def test_events_of_a_stock_come_newest_first(stocks, client):
    stock = stocks["PETR4"]
    values = {"is_reported": True, "simulated": True, "sources": "brapi yahoo", "ratio": None}
    CorporateEventFactory(
        stock=stock,
        kind="dividend",
        ex_on=date(2026, 3, 20),
        pay_on=date(2026, 4, 10),
        amount=Decimal("0.3342861700"),
        status="announced",
        others={"fmp": "0.3"},
        former={"amount": "0.33"},
        **values,
    )
    CorporateEventFactory(stock=stock, kind="split", ex_on=date(2020, 1, 2), ratio=Decimal(2))
    CorporateEventFactory(stock=stock, kind="dividend", **values | {"simulated": False})
    CorporateEventFactory(stock=stock, kind="dividend", withdrawn_at=timezone.now(), **values)
    CorporateEventFactory(stock=stocks["VALE3"], kind="dividend", **values)

    dividend, split = client.get(f"{V1}stocks/PETR4F/events/").json()

    assert (
        dividend.items()
        >= {
            "stock": "PETR4",
            "kind": "dividend",
            "status": "announced",
            "ex_on": "2026-03-20",
            "pay_on": "2026-04-10",
            "amount": "0.33428617",
            "ratio": None,
            "currency": "BRL",
            "sources": ["brapi", "yahoo"],
            "others": {"fmp": "0.3"},
            "former": {"amount": "0.33"},
            "simulated": True,
        }.items()
    )
    assert (split["ratio"], split["amount"], split["sources"]) == ("2", None, [])
    assert client.get(f"{V1}stocks/WEGE3/events/").status_code == 404
