from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainapp.market.quotes import CLOCK_SKEW, iso, rejection, stamped, to_count, to_money
from mainapp.market.tests.factories import NOON
from mainapp.market.tests.quotes import make_quote

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (38.425, "38.43"),
        (38.4249, "38.42"),
        ("1,234.565", "1234.57"),
        (0.1 + 0.2, "0.30"),
        ("1e3", "1000.00"),
        (-1.005, "-1.01"),
        (0, "0.00"),
    ],
)
def test_money_is_rounded_half_up_to_the_cent(value, expected):
    assert str(to_money(value)) == expected


@pytest.mark.parametrize(
    "value",
    [None, "", "n/a", "38,4x", "38,42", "1.234,56", [], {}, True, 1e17, "1e400", "1E9999999"],
)
def test_invalid_money_is_none(value):
    assert to_money(value) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "-Infinity", "NaN"])
def test_nan_and_infinity_become_nan(value):
    assert not to_money(value).is_finite()
    assert to_count(value) is None


def test_counts_are_non_negative_integers():
    assert [to_count(value) for value in ("1,234", 0, 21e6, -1, None)] == [
        1234,
        0,
        21_000_000,
        None,
        None,
    ]


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans()))
def test_any_value_gives_money_or_none(value):
    money = to_money(value)

    assert money is None or not money.is_finite() or money == money.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"price": "NaN"}, "not_finite"),
        ({"price": "Infinity"}, "not_finite"),
        ({"price": "-Infinity"}, "not_finite"),
        ({"price": "0"}, "not_positive"),
        ({"price": "-0.01"}, "not_positive"),
        ({"price": "1e12"}, "not_positive"),
        ({"price": "999999999999.99"}, None),
        ({"quoted_at": NOON + CLOCK_SKEW}, None),
        ({"quoted_at": NOON + CLOCK_SKEW + SECOND}, "future"),
        ({"quoted_at": NOON - SECOND}, "older"),
        ({"quoted_at": None}, None),
    ],
)
def test_rejection_reason(fields, reason):
    assert rejection(make_quote(**fields), last=make_quote(), at=NOON) == reason


def test_first_quote_may_have_any_past_time():
    assert rejection(make_quote(quoted_at=NOON - timedelta(days=9)), last=None, at=NOON) is None


def test_quote_with_a_time_is_unchanged():
    quote = make_quote()

    assert stamped(quote, last=make_quote(quoted_at_estimated=True), at=NOON + SECOND) == quote


def test_estimated_time_is_that_of_the_first_fetch_with_the_price():
    unstamped = make_quote(quoted_at=None)
    first = stamped(unstamped, last=None, at=NOON)
    again = stamped(unstamped, last=first, at=NOON + SECOND)
    moved = stamped(make_quote(price="38.43", quoted_at=None), last=again, at=NOON + 2 * SECOND)

    assert (first.quoted_at, first.quoted_at_estimated) == (NOON, True)
    assert again == first
    assert moved.quoted_at == NOON + 2 * SECOND


def test_price_known_from_another_source_gets_its_earlier_time():
    same = stamped(make_quote(quoted_at=None), last=make_quote(), at=NOON + timedelta(days=1))

    assert (same.quoted_at, same.quoted_at_estimated) == (NOON, True)


LATE = timedelta(seconds=900)


@pytest.mark.parametrize(
    ("price", "ago", "reason"),
    [
        ("38.43", LATE, None),
        ("38.43", LATE + SECOND, "older"),
        ("38.42", timedelta(days=1), None),  # the same price confirms the last quote
    ],
)
def test_estimated_time_rejects_only_quotes_older_than_the_source_delay(price, ago, reason):
    fetched = make_quote(quoted_at_estimated=True, delay_s=900)
    quote = make_quote(price=price, quoted_at=NOON - ago)

    assert rejection(quote, last=fetched, at=NOON + SECOND) == reason


def test_time_never_precedes_an_estimated_one():
    fetched = make_quote(quoted_at_estimated=True, delay_s=900)
    same = stamped(make_quote(quoted_at=NOON - LATE), last=fetched, at=NOON + SECOND)
    moved = stamped(
        make_quote(price="38.43", quoted_at=NOON - LATE), last=fetched, at=NOON + SECOND
    )

    assert (same.quoted_at, same.quoted_at_estimated) == (NOON, True)
    assert (moved.quoted_at, moved.quoted_at_estimated) == (NOON + SECOND, True)


def test_change_is_relative_to_the_previous_close():
    quote = make_quote(previous_close=Decimal("38.21"))
    assert (quote.change, quote.change_pct) == (Decimal("0.21"), Decimal("0.55"))

    assert (make_quote().change, make_quote().change_pct) == (None, None)
    nothing = make_quote(previous_close=Decimal(0))
    assert (nothing.change, nothing.change_pct) == (Decimal("38.42"), None)


def test_wire_format_has_decimal_strings_and_utc_times():
    brasilia = timezone(timedelta(hours=-3))
    wire = make_quote(
        price="1E+3",
        market_cap=Decimal("4.982E+11"),
        open=Decimal("NaN"),
        volume=7,
        quoted_at=datetime(2026, 3, 10, 12, 0, 0, 123_999, tzinfo=brasilia),
    ).to_wire()

    assert (wire["price"], wire["market_cap"], wire["open"]) == ("1000", "498200000000", None)
    assert (wire["volume"], wire["quoted_at"]) == (7, "2026-03-10T15:00:00.123Z")
    assert iso(None) is None
    assert iso(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
