"""Stocks, quotes, candles and sources."""

from decimal import Decimal

import pytest

from mainapp.market.tests.factories import (
    CandleFactory,
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
    # Another kind's quote is nobody's.
    LastQuoteFactory(stock=made["ITUB4"], price=Decimal("30.00"), simulated=False)
    MembershipFactory(stock=made["PETR4"])
    return made


def symbols(client, **query):
    answer = client.get(f"{V1}stocks/", query)
    assert answer.status_code == 200, answer.json()
    return [row["symbol"] for row in answer.json()["results"]]


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


@pytest.mark.parametrize(
    "query", [{"market": "NADA"}, {"price_min": "x"}, {"price_min": "NaN"}, {"ordering": "id"}]
)
def test_stocks_refuse_a_query_without_sense(db, client, query):
    answer = client.get(f"{V1}stocks/", query)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["fields"].keys() == query.keys()


@pytest.mark.parametrize("page", ["0", "3", "x", "last", "9" * 30])
def test_page_that_is_not_there_is_missing(stocks, client, page):
    assert client.get(f"{V1}stocks/?page={page}&page_size=3").status_code == 404


@pytest.mark.parametrize("rows", [3, 30])
def test_stocks_cost_the_same_however_many(db, client, django_assert_num_queries, rows):
    for _ in range(rows):
        LastQuoteFactory()
    with django_assert_num_queries(3):
        assert len(symbols(client)) == rows


def test_stock_has_its_quote(stocks, client):
    told = client.get(f"{V1}stocks/petr4f/").json()

    assert told["symbol"] == "PETR4"
    assert told["quote"]["price"] == "36.00"
    assert told["quote"]["change_pct"] == "-10.00"
    assert told["quote"]["quoted_at"].endswith("Z")
    assert client.get(f"{V1}stocks/ITUB4/").json()["quote"] is None


def test_former_symbol_names_what_it_became(stocks, client):
    StockFactory(symbol="PETZ3", is_active=False, renamed_to=stocks["VALE3"])

    assert client.get(f"{V1}stocks/PETZ3/").json()["symbol"] == "VALE3"


@pytest.mark.parametrize("path", ["stocks/XXXX3/", "stocks/nada/", "candles/XXXX3/"])
def test_unknown_stock_is_missing(db, client, path):
    assert client.get(V1 + path).json()["code"] == "not_found"


def test_quotes_are_as_the_socket_gives_them(stocks, client):
    told = client.get(f"{V1}quotes/?symbols=PETR4,ITUB4&symbols=XXXX1").json()

    assert told["quotes"].keys() == {"PETR4"}
    assert told["quotes"]["PETR4"]["change"] == "-4.00"
    assert (told["pending"], told["unknown"]) == (["ITUB4"], ["XXXX1"])


@pytest.mark.parametrize("rows", [3, 30])
def test_quotes_cost_the_same_however_many(db, client, django_assert_num_queries, rows):
    wanted = ",".join(LastQuoteFactory().stock.symbol for _ in range(rows))
    with django_assert_num_queries(2):
        assert len(client.get(f"{V1}quotes/", {"symbols": wanted}).json()["quotes"]) == rows


def test_quotes_need_symbols(db, client):
    assert client.get(f"{V1}quotes/").status_code == 400
    assert client.get(f"{V1}quotes/?symbols={'A,' * 201}").status_code == 400


def test_candles_are_money_and_utc(stocks, client, monkeypatch):
    CandleFactory(stock=stocks["PETR4"])
    told = client.get(f"{V1}candles/PETR4/?range=max").json()

    assert told["candles"] == [
        {
            "time": "2026-03-10T03:00:00.000Z",
            "open": "38.00",
            "high": "39.00",
            "low": "37.50",
            "close": "38.42",
            "volume": 1000,
        }
    ]
    assert (told["interval"], told["source"]) == ("1d", "simulated")
    assert client.get(f"{V1}candles/PETR4/?range=2d").status_code == 400


def test_sources_tell_which_is_in_use(db, client):
    told = client.get(f"{V1}sources/").json()

    assert [source["name"] for source in told["sources"]] == ["simulated"]
    assert told["session"] == "open"
