"""Doubtful prices, held back until they are confirmed or explained."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mainapp.market.models import Candle, DoubtfulPrice, Stock
from mainapp.market.quotes.doubts import is_far
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.recording import record_quotes
from mainapp.market.services.updating import place_quotes, quote_board
from mainapp.market.signals import quotes_recorded
from mainapp.market.tests.factories import NOON, CorporateEventFactory, StockFactory, ticker
from mainapp.market.tests.quotes import make_quote

pytestmark = pytest.mark.django_db
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
INTERVAL_S = 10


@pytest.fixture(autouse=True)
def _stocks(db, settings):
    settings.UPDATE_INTERVAL_S = INTERVAL_S
    StockFactory(symbol="PETR4", name="Petrobras PN")
    StockFactory(symbol="VALE3", name="Vale ON")


@pytest.fixture
def received():
    """Return the quotes that receivers of `quotes_recorded` got."""
    prices = []

    def receive(quotes, **_):
        prices.extend((quote.symbol, str(quote.price)) for quote in quotes)

    quotes_recorded.connect(receive)
    yield prices
    quotes_recorded.disconnect(receive)


def record(price, *, seconds=0.0, symbol="PETR4", **fields):
    at = NOON + seconds * SECOND
    quote = make_quote(symbol, price, quoted_at=at, **_decimals(fields))
    return record_quotes(quotes=[quote], at=at)


def _decimals(fields):
    return {
        k: Decimal(v) if isinstance(v, str) and v[0].isdigit() else v for k, v in fields.items()
    }


def shown(symbol="PETR4"):
    """Return the recorded price of a stock and its doubtful one."""
    quote = last_quotes()[symbol]
    return str(quote.price), quote.doubtful_price and str(quote.doubtful_price)


# Of one reply ----------------------------------------------------------------------------------


def test_price_outside_its_own_day_range_is_refused_and_counted(received):
    record("61.07")
    del received[:]

    recorded = record("610.70", seconds=10, low="60.50", high="61.68")

    assert recorded.rejected == Counter({("simulated", "out_of_range"): 1})
    assert shown() == ("61.07", None)
    assert received == []


@pytest.mark.parametrize(
    ("price", "low", "high", "is_accepted"),
    [
        ("38.43", "38.01", "38.42", True),  # rounding
        ("39.10", "38.01", "38.90", True),  # a new high, not yet in the range
        ("39.40", "38.01", "38.90", False),
        ("37.00", "38.01", None, False),
        ("37.00", None, "38.90", True),
        ("0.51", "0.40", "0.50", True),
        ("0.53", "0.40", "0.50", False),
        ("38.42", "39.00", "38.00", True),  # not a range
        ("38.42", "NaN", "Infinity", True),
    ],
)
def test_day_range_allows_for_rounding(price, low, high, is_accepted):
    low, high = (value and Decimal(value) for value in (low, high))

    assert bool(record(price, low=low, high=high).quotes) is is_accepted


# Of two replies --------------------------------------------------------------------------------


def test_far_price_waits_for_a_second_reply_one_interval_later(received):
    record("61.07")
    del received[:]

    recorded = record("610.70", seconds=10)
    assert recorded.rejected == Counter({("simulated", "doubtful"): 1})
    record("611.00", seconds=14)

    assert shown() == ("61.07", "610.70")
    assert received == []
    assert not Candle.objects.filter(high__gt=62).exists()

    record("612.00", seconds=20)
    assert shown() == ("612.00", None)
    assert received == [("PETR4", "612.00")]
    assert not DoubtfulPrice.objects.exists()


def test_any_source_confirms_but_not_in_the_same_batch():
    record("61.07")
    quotes = [make_quote(price="30.00", source=name, quoted_at=None) for name in ("yahoo", "brapi")]

    record_quotes(quotes=quotes, at=NOON + 10 * SECOND)
    assert shown() == ("61.07", "30.00")

    record_quotes(quotes=quotes[1:], at=NOON + 20 * SECOND)
    assert shown() == ("30.00", None)


def test_price_that_jumps_and_returns_is_never_recorded():
    record("61.07")
    record("610.70", seconds=10)
    record("61.10", seconds=20)
    assert shown() == ("61.10", None)

    record("610.70", seconds=30)

    assert shown() == ("61.10", "610.70")
    assert Candle.objects.order_by("-high")[0].high == Decimal("61.10")


def test_second_wild_price_that_disagrees_starts_the_wait_again():
    record("61.07")
    record("610.70", seconds=10)
    record("6.10", seconds=20)
    assert shown() == ("61.07", "6.10")

    record("6.12", seconds=25)
    assert shown() == ("61.07", "6.10")
    record("6.12", seconds=30)
    assert shown() == ("6.12", None)


def test_doubt_appears_on_the_board_and_is_withdrawn(db, board):
    place_quotes(record("61.07").quotes, None)
    placed = place_quotes(record("610.70", seconds=10).quotes, None)
    before, after = placed.changed["PETR4"]
    assert (before.doubtful_price, str(after.doubtful_price)) == (None, "610.70")
    assert (before.price, before.quoted_at) == (after.price, after.quoted_at)

    placed = place_quotes(record("61.08", seconds=20).quotes, None)
    assert placed.changed["PETR4"][1].doubtful_price is None


def test_repeated_doubt_is_not_published_again():
    record("61.07")
    record("610.70", seconds=10)

    assert record("610.80", seconds=12).quotes == []


def test_doubts_about_two_stocks_are_separate():
    record("61.07")
    record("38.00", symbol="VALE3")
    record("610.70", seconds=10)
    record("3.80", symbol="VALE3", seconds=15)

    record("610.70", seconds=20)
    record("3.80", symbol="VALE3", seconds=20)

    assert (shown("PETR4"), shown("VALE3")) == (("610.70", None), ("38.00", "3.80"))


def test_refused_reply_leaves_the_doubt():
    record("61.07")
    record("610.70", seconds=10)
    record("NaN", seconds=12)

    record("610.70", seconds=20)

    assert shown() == ("610.70", None)


def test_doubt_of_a_clock_that_ran_ahead_starts_again():
    record("61.07")
    record("610.70", seconds=10)
    DoubtfulPrice.objects.update(seen_at=NOON + DAY)

    record("610.70", seconds=20)
    assert DoubtfulPrice.objects.get().seen_at == NOON + 20 * SECOND
    record("610.70", seconds=30)
    assert shown() == ("610.70", None)


@pytest.mark.parametrize("price", ["85.00", "37.00"])
def test_price_within_40_percent_is_recorded_at_once(price):
    record("61.07")

    record(price, seconds=1)

    assert shown() == (price, None)


def test_two_ticks_of_a_penny_stock_are_not_far():
    assert not is_far(Decimal("0.04"), Decimal("0.02"), 40)
    assert is_far(Decimal("0.05"), Decimal("0.02"), 40)


# Explanations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "price", "close"),
    [
        ("60.00", "30.10", "30.00"),  # a split
        ("6.00", "61.00", "60.00"),  # a reverse split
        ("60.00", "20.00", "20.50"),  # weeks without a quote
    ],
)
def test_previous_close_that_moved_as_well_explains_a_price(last, price, close):
    record(last)

    record(price, seconds=DAY.total_seconds(), previous_close=close)

    assert shown() == (price, None)


@pytest.mark.parametrize(
    ("last", "price", "event"),
    [
        ("60.00", "30.10", {"kind": "split", "ratio": "2"}),
        ("6.00", "61.00", {"kind": "reverse_split", "ratio": "0.1"}),
        ("60.00", "21.00", {"kind": "dividend", "amount": "40.00"}),
    ],
)
def test_known_event_explains_a_price(last, price, event):
    stock = Stock.objects.get(symbol="PETR4")
    CorporateEventFactory(stock=stock, ex_on=(NOON + DAY).date(), **_decimals(event))
    record(last)

    record(price, seconds=60)
    assert shown() == (last, price)  # not yet
    record(price, seconds=DAY.total_seconds(), previous_close=last)

    assert shown() == (price, None)


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "split", "ratio": "10"},  # explains another price
        {"kind": "split", "ratio": "2", "ex_on": (NOON - DAY).date()},  # before the last quote
        {"kind": "split", "ratio": "2", "ex_on": None},
        {"kind": "rename", "ratio": "2"},
    ],
)
def test_other_event_explains_nothing(event):
    stock = Stock.objects.get(symbol="PETR4")
    fields = {"ex_on": (NOON + DAY).date()} | _decimals(event)
    CorporateEventFactory(stock=stock, **fields)
    record("60.00")

    record("30.10", seconds=DAY.total_seconds(), previous_close="60.00")

    assert shown() == ("60.00", "30.10")


@pytest.mark.parametrize("close", ["60.00", "40.00", None])
def test_previous_close_that_did_not_move_explains_nothing(close):
    record("60.00")

    record("30.00", seconds=60, previous_close=close)

    assert shown() == ("60.00", "30.00")


def test_first_price_far_from_its_own_previous_close_waits(received):
    record("610.70", previous_close="61.00")
    assert last_quotes() == {}
    assert received == []

    record("611.00", seconds=10, previous_close="61.00")
    assert shown() == ("611.00", None)
    assert not DoubtfulPrice.objects.exists()


def test_first_price_near_its_previous_close_is_recorded_and_ends_a_doubt():
    record("610.70", previous_close="61.00")

    record("61.07", seconds=5, previous_close="61.00")

    assert shown() == ("61.07", None)
    assert not DoubtfulPrice.objects.exists()


# A broken source -------------------------------------------------------------------------------


def jump(seconds, *, source="brapi", factor=10, count=8):
    """Record a batch in which most prices of a source are `factor` times too high."""
    at = NOON + seconds * SECOND
    quotes = [
        make_quote(ticker(n), f"{20 * (factor if n < 6 else 1)}.00", quoted_at=at, source=source)
        for n in range(count)
    ]
    record_quotes(quotes=quotes, at=at)


def test_source_most_of_whose_prices_jump_does_not_confirm_itself_at_once():
    for n in range(8):
        StockFactory(symbol=ticker(n))
    jump(0, factor=1)

    jump(10)
    jump(20)
    assert shown(ticker(0)) == ("20.00", "200.00")
    assert shown(ticker(7)) == ("20.00", None)

    jump(30, source="yahoo")
    assert shown(ticker(0)) == ("200.00", None)


def test_broken_source_is_believed_after_ten_minutes():
    for n in range(8):
        StockFactory(symbol=ticker(n))
    jump(0, factor=1)

    for seconds in (10, 310, 610):
        jump(seconds)

    assert shown(ticker(0)) == ("200.00", None)


# Candles ---------------------------------------------------------------------------------------


def test_candles_lose_a_price_that_a_later_reply_shows_to_be_wrong():
    record("610.70")
    record("61.07", seconds=60, previous_close="61.00", low="60.50", high="61.68", open="60.60")

    day = Candle.objects.get(interval="1d")
    assert (str(day.open), str(day.high), str(day.low)) == ("60.60", "61.68", "60.50")
    assert [str(row.high) for row in Candle.objects.filter(interval="1m")] == ["61.07"]


def test_candles_lose_a_price_far_from_the_previous_close():
    record("610.70", previous_close="607.00")
    record("61.07", seconds=60, previous_close="61.00")

    assert [str(row.high) for row in Candle.objects.all()] == ["61.07", "61.07"]


def test_candles_keep_a_price_before_a_confirmed_fall():
    record("61.07", previous_close="61.00")
    record("30.00", seconds=60, previous_close="61.00")
    record("30.00", seconds=120, previous_close="61.00")

    day = Candle.objects.get(interval="1d")
    assert (str(day.high), str(day.low)) == ("61.07", "30.00")


def test_high_that_its_source_takes_back_leaves_the_day():
    record("61.07", low="60.50", high="618.00")
    record("61.08", seconds=10, low="60.50", high="61.68")

    assert str(Candle.objects.get(interval="1d").high) == "61.68"


@pytest.mark.parametrize(
    "wrong", [{"high": "610.70"}, {"low": "6.11"}, {"open": "610.70", "high": "610.70"}]
)
def test_day_range_that_still_has_a_refused_price_is_not_taken_over(wrong):
    record("61.07", low="60.50", high="61.68", open="60.60", previous_close="61.00")
    record("610.70", seconds=10)
    fields = {"low": "60.50", "high": "61.68", "open": "60.60", "previous_close": "61.00"}
    record("61.10", seconds=20, **fields | wrong)

    day = Candle.objects.get(interval="1d")
    assert (str(day.open), str(day.high), str(day.low)) == ("60.60", "61.68", "60.50")


def test_confirmed_spike_stays_in_the_day():
    record("10.00", low="9.90", high="10.10")
    for seconds in (10, 30):
        record("16.00", seconds=seconds, low="9.90", high="16.00")
    for seconds in (50, 70):
        record("10.00", seconds=seconds, low="9.90", high="16.00")

    assert str(Candle.objects.get(interval="1d").high) == "16.00"


def test_range_of_another_source_does_not_shrink_the_day():
    record("61.07", low="60.00", high="62.00", source="brapi")
    record("61.08", seconds=10, low="60.50", high="61.68", source="yahoo")

    day = Candle.objects.get(interval="1d")
    assert (str(day.low), str(day.high)) == ("60.00", "62.00")


# Cost ------------------------------------------------------------------------------------------


def test_number_of_queries_does_not_depend_on_the_number_of_doubts():
    for n in range(33):
        StockFactory(symbol=ticker(n))

    def batch(numbers, price, seconds):
        at = NOON + seconds * SECOND
        quotes = [make_quote(ticker(n), price, quoted_at=at) for n in numbers]
        with CaptureQueriesContext(connection) as queries:
            record_quotes(quotes=quotes, at=at)
        return len(queries)

    batch(range(33), "20.00", 0)
    batch([32], "200.00", 5)  # the first refusal creates its counter

    few, many = batch(range(2), "200.00", 10), batch(range(2, 32), "200.00", 11)
    assert few == many <= 11
    assert batch(range(2), "20.00", 12) == batch(range(2, 32), "20.00", 13)


def test_board_keeps_the_doubt_when_it_is_restored(board):
    record("61.07")
    record("610.70", seconds=10)
    board.lose()
    board.refill(*last_quotes().values())

    placed = quote_board().put([make_quote("VALE3", "61.00")], None)

    assert placed.changed.keys() == {"VALE3"}
    assert shown() == ("61.07", "610.70")
