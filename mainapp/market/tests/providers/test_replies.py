"""Tests of parsing untrusted replies of sources."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

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
def test_invalid_fields_do_not_affect_the_price(value):
    row = dict.fromkeys(FIELDS, value) | {"regularMarketPrice": 38.42}
    quote = to_quote(row, symbol="PETR4", source="x", delay_s=0)

    assert quote
    assert quote.price == Decimal("38.42")
    assert json.loads(json.dumps(quote.to_wire()))["price"] == "38.42"


NO_PRICES = ["38,42", "1.234,56", "1,23", "1_000", "\u0663\u0668", "38.42 BRL", "0x26"]


@pytest.mark.parametrize("value", [None, "", "abc", [], {}, True, 10**400, "1e999", *NO_PRICES])
def test_row_without_a_valid_price_gives_no_quote(value):
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
def test_price_is_parsed_from_text(value, price):
    quote = to_quote(regular("PETR4", value), symbol="PETR4", source="x", delay_s=0)

    assert quote
    assert str(quote.price) == price


@pytest.mark.parametrize("value", [True, 1, 1736.5, -1, 253_402_300_800, "1970-01-02"])
def test_quote_with_an_impossible_time_has_no_time(value):
    row = regular("PETR4", 1) | {"regularMarketTime": value}
    quote = to_quote(row, symbol="PETR4", source="x", delay_s=0)

    assert quote
    assert quote.quoted_at is None


@pytest.mark.parametrize(
    "value",
    [NOW, float(NOW), str(NOW), NOW * 1000, NOW_AT.isoformat().replace("+00:00", "Z")],
    ids=["int", "float", "text", "ms", "iso"],
)
def test_times_are_parsed_in_several_forms(value):
    assert to_time(value) == NOW_AT


@pytest.mark.parametrize("value", [*NONSENSE[:-2], 0, -5, 10**30, "9999-99-99"])
def test_invalid_time_is_none(value):
    assert to_time(value) is None


def test_bars_are_sorted_unique_and_valid():
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
