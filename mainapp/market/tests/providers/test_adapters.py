"""What is particular to each remote source."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mainapp.market.providers.base import Listing, ProviderError
from mainapp.market.providers.http import retry_after_s
from mainapp.market.providers.replies import to_bars, to_quote, to_time
from mainapp.market.tests.providers.stub import NOW, regular

NOW_AT = datetime.fromtimestamp(NOW, UTC)
NONSENSE: list[Any] = [
    None,
    "",
    "abc",
    [],
    {},
    True,
    "1e999",
    float("nan"),
    float("inf"),
    -1,
    10**400,
]
FIELDS = [name for name in regular("PETR4", 1) if name != "symbol"]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_in_the_fields_spoils_no_price(value):
    row = dict.fromkeys(FIELDS, value) | {"regularMarketPrice": 38.42}
    quote = to_quote(row, symbol="PETR4", source="x", delay_s=0)

    assert quote
    assert quote.price == Decimal("38.42")
    assert json.loads(json.dumps(quote.to_wire()))["price"] == "38.42"


NO_PRICES = ["38,42", "1.234,56", "1,23", "1_000", "\u0663\u0668", "38.42 BRL", "0x26"]


@pytest.mark.parametrize("value", [None, "", "abc", [], {}, True, 10**400, "1e999", *NO_PRICES])
def test_a_row_without_a_price_gives_no_quote(value):
    assert to_quote(regular("PETR4", value), symbol="PETR4", source="x", delay_s=0) is None


@pytest.mark.parametrize(
    ("value", "price"),
    [
        ("38.42", "38.42"),
        (" 38.4 ", "38.40"),
        ("1,234.5", "1234.50"),
        ("3842e-2", "38.42"),
        (7, "7.00"),
    ],
)
def test_a_price_may_be_written_as_text(value, price):
    quote = to_quote(regular("PETR4", value), symbol="PETR4", source="x", delay_s=0)

    assert quote
    assert str(quote.price) == price


@pytest.mark.parametrize("value", [True, 1, 1736.5, -1, 253_402_300_800, "1970-01-02"])
def test_a_quote_of_an_impossible_age_has_no_time(value):
    row = regular("PETR4", 1) | {"regularMarketTime": value}
    quote = to_quote(row, symbol="PETR4", source="x", delay_s=0)

    assert quote
    assert quote.quoted_at is None


@pytest.mark.parametrize(
    "value",
    [NOW, float(NOW), str(NOW), NOW * 1000, NOW_AT.isoformat().replace("+00:00", "Z")],
    ids=["int", "float", "text", "ms", "iso"],
)
def test_times_come_in_several_ways(value):
    assert to_time(value) == NOW_AT


@pytest.mark.parametrize("value", [*NONSENSE[:-2], 0, -5, 10**30, "9999-99-99"])
def test_what_is_no_time_is_none(value):
    assert to_time(value) is None


def test_bars_are_sorted_once_each_and_sound():
    good = {"open": 1, "high": 3, "low": 1, "close": 2, "volume": 5}
    day = 86_400
    rows: list[dict[str, Any]] = [
        {"date": 20 * day, **good},
        {"date": 10 * day, **good},
        {"date": 10 * day, **good, "close": "3"},
        {"date": 11 * day, **good, "low": None},
        {"date": 12 * day, **good, "high": float("nan")},
        {"date": None, **good},
        {"date": 10**12 * day, **good},
        {"date": 13 * day, "open": 5, "high": 4, "low": 6, "close": 7},
    ]
    bars = to_bars(rows, daily=True)

    assert [bar.starts_at.day for bar in bars] == [11, 14, 21]
    assert [(int(bar.low), int(bar.close), int(bar.high)) for bar in bars] == [
        (1, 3, 3),
        (4, 7, 7),
        (1, 2, 3),
    ]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-3", 0),
        ("99999999", 86_400),
        ("nan", None),
        ("1e400", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Wed, 11 Mar 2026 12:00:30 GMT", 30),
        ("Wed, 11 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read(header, seconds):
    assert retry_after_s(header, at=datetime(2026, 3, 11, 12, tzinfo=UTC)) == seconds


# brapi


def test_brapi_sends_its_token_in_a_header_only(make, stub):
    make("brapi", token="secret").quotes(["PETR4"])

    assert stub.headers[0]["authorization"] == "Bearer secret"
    assert "secret" not in stub.paths[0]


def test_brapi_asks_in_batches(make, stub):
    provider = make("brapi", batch_size=2)
    quotes = provider.quotes(["PETR4", "VALE3", "ITUB4", "MGLU3", "IBOV"])

    assert len(quotes) == 5
    assert sorted(stub.paths) == [
        "/api/quote/%5EBVSP",
        "/api/quote/ITUB4,MGLU3",
        "/api/quote/PETR4,VALE3",
    ]
    assert provider.calls_for(["PETR4", "VALE3", "ITUB4", "MGLU3", "IBOV"]) == 3


def test_brapi_reads_every_field(make, stub):
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
def test_brapi_does_not_mind_how_long_it_took(make, stub, took):
    stub.shape = lambda reply: reply | {"took": took}

    assert make("brapi").quotes(["PETR4"]).keys() == {"PETR4"}


def test_brapi_is_not_believed_about_axia(make, stub):
    stub.prices |= {"AXIA3": 58.0, "AXIA5": 58.0, "AXIA6": 58.0}

    assert make("brapi").quotes(["AXIA3", "AXIA5", "AXIA6"]).keys() == {"AXIA3"}
    assert stub.paths == ["/api/quote/AXIA3"]


def test_brapi_that_answers_for_another_paper_gives_nothing(make, stub):
    stub.shape = lambda reply: {"results": [regular("PETR3", 1), regular("VALE3", 2), 7, None]}

    assert make("brapi").quotes(["PETR4", "VALE3"]).keys() == {"VALE3"}


def test_brapi_remembers_what_it_does_not_know(make, stub):
    provider = make("brapi")
    symbols = ["PETR4", "ABCD3", "VALE3", "ITUB4"]
    provider.quotes(symbols)
    del stub.paths[:]

    assert provider.quotes(symbols).keys() == {"PETR4", "VALE3", "ITUB4"}
    assert stub.paths == ["/api/quote/PETR4,VALE3,ITUB4"]


def test_brapi_that_knows_nothing_at_all_is_a_fault_and_soon_found_out(make, stub):
    stub.prices.clear()
    provider = make("brapi")
    symbols = ["VALE3", "ITUB4", "MGLU3", "PETR4"]

    with pytest.raises(ProviderError) as caught:
        provider.quotes(symbols)

    assert (caught.value.fault, caught.value.permanent) == ("bad_reply", True)
    assert stub.paths == ["/api/quote/VALE3,ITUB4,MGLU3,PETR4", "/api/quote/PETR4"]
    assert provider.calls_for(symbols) == 1


@pytest.mark.parametrize("name", ["brapi", "yahoo"])
def test_a_symbol_in_small_letters_is_the_same(make, stub, name):
    stub.shape = lambda reply: json.loads(
        json.dumps(reply).replace("PETR4", "petr4").replace(".SA", ".sa")
    )

    assert make(name).quotes(["PETR4"]).keys() == {"PETR4"}


def test_brapi_without_a_token_reads_the_list(make, stub):
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
    """Have the stub spread its list over pages."""

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


def test_brapi_s_list_without_an_end_is_a_fault(make, stub):
    paged(stub, 1, ends=False)

    with pytest.raises(ProviderError, match="without an end"):
        make("brapi").tickers()
    assert len(stub.paths) == 10


def test_brapi_s_list_that_is_not_there_is_a_fault(make, stub):
    with pytest.raises(ProviderError) as caught:
        make("brapi", token="", url=f"{stub.url}/elsewhere").quotes(["WEGE3"])

    assert (caught.value.fault, caught.value.permanent) == ("bad_reply", True)


# yahoo


def test_yahoo_without_its_endpoint_is_a_fault(make, stub):
    with pytest.raises(ProviderError) as caught:
        make("yahoo", url=f"{stub.url}/elsewhere").quotes(["PETR4"])

    assert (caught.value.fault, caught.value.permanent) == ("bad_reply", True)


def test_yahoo_asks_once_for_many(make, stub):
    stub.prices |= {f"ABC{chr(65 + n)}3": 10 + n for n in range(20)}
    quotes = make("yahoo").quotes(list(stub.prices))

    asked = [path for path in stub.paths if path.startswith("/v7/")]
    assert len(quotes) == 24
    assert len(asked) == 1
    assert "crumb=crumb" in asked[0]


def test_yahoo_tells_its_delay(make, stub):
    quote = make("yahoo").quotes(["PETR4"])["PETR4"]
    assert quote.delay_s == 900

    stub.shape = lambda reply: json.loads(
        json.dumps(reply).replace('"exchangeDataDelayedBy": 15', '"exchangeDataDelayedBy": 0')
    )
    assert make("yahoo").quotes(["PETR4"])["PETR4"].delay_s == 0


def test_yahoo_knows_the_index_by_another_name(make, stub):
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
def test_yahoo_history_of_another_shape_is_a_provider_error(make, stub, reply):
    stub.shape = lambda _: reply

    with pytest.raises(ProviderError):
        make("yahoo").history("PETR4", "1mo", "1d")


def test_yahoo_keeps_its_cache_out_of_the_home_folder(make):
    from yfinance.cache import _TzDBManager  # noqa: PLC0415 - a library that takes long to load

    make("yahoo").quotes(["PETR4"])

    assert Path(_TzDBManager.get_location()).name.startswith("pregao-yfinance-")


# yahoo_fin


def test_yahoo_fin_reads_its_table(make):
    quote = make("yahoo_fin").quotes(["PETR4"])["PETR4"]

    assert quote.price == Decimal("38.42")
    assert (quote.previous_close, quote.open) == (Decimal("38.21"), Decimal("38.30"))
    assert (quote.low, quote.high) == (Decimal("38.01"), Decimal("38.90"))
    assert (quote.year_low, quote.year_high) == (Decimal("28.86"), Decimal("41.20"))
    assert (quote.volume, quote.market_cap) == (23_456_700, Decimal("498200000000.00"))
    assert quote.quoted_at is None


def test_yahoo_fin_lists_the_index(make):
    assert make("yahoo_fin").tickers() == [
        Listing(symbol="PETR4", name="Petrobras", sector="Petróleo"),
        Listing(symbol="VALE3", name="Vale", sector="Mineração"),
    ]


def test_yahoo_fin_stops_when_it_is_told_to(make, stub):
    stub.fault = "rate_limited"
    with pytest.raises(ProviderError):
        make("yahoo_fin").quotes([f"ABC{chr(65 + n)}{m}" for n in range(20) for m in (3, 4)])

    assert len(stub.paths) <= 16
