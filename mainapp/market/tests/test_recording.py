from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from mainapp.market.kinds import QUOTE_KINDS
from mainapp.market.models import Candle, LastQuote, RejectedQuotes, Stock
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services import candles as candle_services
from mainapp.market.services.candles import prune_candles
from mainapp.market.services.recording import record_quotes
from mainapp.market.signals import quotes_recorded
from mainapp.market.tests.factories import NOON, CandleFactory, StockFactory, ticker
from mainapp.market.tests.quotes import make_quote

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MIDNIGHT = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)  # in São Paulo


@pytest.fixture(autouse=True)
def _stocks(db):
    StockFactory(symbol="PETR4", name="Petrobras PN")
    StockFactory(symbol="VALE3", name="Vale ON")


@pytest.fixture
def received():
    """Return the arguments of each call of a receiver of `quotes_recorded`."""
    calls = []

    def receive(sender, quotes, last, at, **_):
        calls.append((quotes, last, at))

    quotes_recorded.connect(receive)
    yield calls
    quotes_recorded.disconnect(receive)


def candle(interval, starts_at=None, symbol="PETR4"):
    row = Candle.objects.get(
        stock__symbol=symbol, interval=interval, **({"starts_at": starts_at} if starts_at else {})
    )
    return tuple(str(x) for x in (row.open, row.high, row.low, row.close)), row.volume


def record(*quotes, at=NOON):
    return record_quotes(quotes=quotes, at=at)


def test_recorded_quote_becomes_the_last_with_the_name_in_the_catalogue(received):
    recorded = record(make_quote(name="name in the source"), make_quote("VALE3", "61.00"))

    named = [make_quote(name="Petrobras PN"), make_quote("VALE3", "61.00", name="Vale ON")]
    assert recorded.quotes == named
    assert last_quotes() == {quote.symbol: quote for quote in named}
    assert received == [(named, {}, NOON)]


def test_receivers_get_the_previous_quotes(received):
    record(make_quote())
    record(make_quote(price="38.43", quoted_at=NOON + SECOND), at=NOON + SECOND)

    quotes, last, at = received[1]
    assert [str(quote.price) for quote in quotes] == ["38.43"]
    assert (str(last["PETR4"].price), at) == ("38.42", NOON + SECOND)


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        (make_quote(price="NaN"), "not_finite"),
        (make_quote(price="-1.00"), "not_positive"),
        (make_quote("XXXX3"), "unknown_symbol"),
        (make_quote(quoted_at=NOON - SECOND), "older"),
        (make_quote(quoted_at=NOON + timedelta(minutes=3)), "future"),
        (make_quote(kind="real"), "foreign"),
    ],
)
def test_rejected_quote_is_counted_and_the_others_are_recorded(quote, reason):
    record(make_quote())
    recorded = record(quote, make_quote("VALE3"))
    record(quote)

    assert [quote.symbol for quote in recorded.quotes] == ["VALE3"]
    assert recorded.rejected == Counter({("simulated", reason): 1})
    assert last_quotes().keys() == {"PETR4", "VALE3"}
    assert str(last_quotes()["PETR4"].price) == "38.42"
    row = RejectedQuotes.objects.get()
    assert (row.source, row.reason, row.count) == ("simulated", reason, 2)
    assert (row.last_symbol, row.last_at) == (quote.symbol, NOON)


def test_rejections_are_counted_by_source_and_reason():
    record(
        make_quote(price="NaN"),
        make_quote("VALE3", price="NaN"),
        make_quote("XXXX3"),
        make_quote("YYYY3", source="yahoo"),
    )

    rows = RejectedQuotes.objects.values_list("source", "reason", "count").order_by("pk")
    assert set(rows) == {
        ("simulated", "not_finite", 2),
        ("simulated", "unknown_symbol", 1),
        ("yahoo", "unknown_symbol", 1),
    }


def test_quote_in_another_currency_is_rejected_and_counted():
    dollars = make_quote(price="7.10", currency="USD", source="yahoo")

    recorded = record(dollars, make_quote("VALE3"))
    assert [quote.symbol for quote in recorded.quotes] == ["VALE3"]
    assert recorded.rejected == Counter({("yahoo", "currency"): 1})
    assert "PETR4" not in last_quotes()
    row = RejectedQuotes.objects.get()
    assert (row.source, row.reason, row.count, row.last_symbol) == ("yahoo", "currency", 1, "PETR4")


def test_quote_without_a_currency_gets_that_of_the_stock():
    assert record(make_quote(currency="")).quotes[0].currency == "BRL"
    assert last_quotes()["PETR4"].currency == "BRL"


def test_rejected_quote_of_one_source_does_not_hide_a_good_one_of_another():
    doubtful = make_quote(price="NaN", source="brapi")

    for quotes in ([doubtful, make_quote()], [make_quote(), doubtful]):
        recorded = record(*quotes)
        assert recorded.quotes == [make_quote(name="Petrobras PN")]
        assert recorded.rejected == Counter({("brapi", "not_finite"): 1})


def test_newest_of_two_quotes_of_one_symbol_is_recorded():
    newer = make_quote(price="38.43", quoted_at=NOON + SECOND)

    assert [str(q.price) for q in record(newer, make_quote()).quotes] == ["38.43"]
    assert str(last_quotes()["PETR4"].price) == "38.43"


def test_failing_receiver_rolls_everything_back():
    def fail(**_):
        raise LookupError("an alert failed")

    quotes_recorded.connect(fail)
    try:
        with pytest.raises(LookupError):
            record(make_quote(), make_quote("XXXX3"))
    finally:
        quotes_recorded.disconnect(fail)

    assert [m.objects.count() for m in (LastQuote, Candle, RejectedQuotes)] == [0, 0, 0]


def test_repeated_batch_changes_nothing():
    quotes = [make_quote(volume=100), make_quote("VALE3")]
    first = record(*quotes)
    rows = list(Candle.objects.order_by("pk").values())

    assert record(*quotes).quotes == first.quotes
    assert list(Candle.objects.order_by("pk").values()) == rows


def test_estimated_time_is_that_of_the_first_fetch():
    unstamped = make_quote(quoted_at=None)
    record(unstamped)
    record(unstamped, at=NOON + 5 * MINUTE)
    last = last_quotes()["PETR4"]
    assert (last.quoted_at, last.quoted_at_estimated) == (NOON, True)
    assert Candle.objects.filter(interval="1m").count() == 1

    record(make_quote(price="38.43", quoted_at=None), at=NOON + 6 * MINUTE)

    assert last_quotes()["PETR4"].quoted_at == NOON + 6 * MINUTE


def test_nan_and_infinity_are_stored_as_null():
    record(make_quote(open=Decimal("NaN"), high=Decimal("Infinity"), low=None))

    row = LastQuote.objects.get()
    assert (row.open, row.high, row.low) == (None, None, None)
    assert candle("1d") == (("38.42", "38.42", "38.42", "38.42"), None)


# Candles -------------------------------------------------------------------------------------


def test_minute_candle_matches_the_recorded_prices():
    for seconds, price in ((0, "38.42"), (10, "38.60"), (20, "38.10"), (59, "38.30")):
        record(make_quote(price=price, quoted_at=NOON + seconds * SECOND), at=NOON + MINUTE)
    record(make_quote(price="39.00", quoted_at=NOON + MINUTE), at=NOON + MINUTE)

    assert candle("1m", NOON) == (("38.42", "38.60", "38.10", "38.30"), 0)
    assert candle("1m", NOON + MINUTE) == (("39.00", "39.00", "39.00", "39.00"), 0)
    assert candle("1d") == (("38.42", "39.00", "38.10", "39.00"), None)


def test_day_candle_includes_high_and_low_of_the_source():
    day = {"open": Decimal("38.00"), "high": Decimal("38.90"), "low": Decimal("37.50")}
    record(make_quote(volume=1000, **day))
    assert candle("1d", MIDNIGHT) == (("38.00", "38.90", "37.50", "38.42"), 1000)

    record(make_quote(price="39.10", volume=1500, quoted_at=NOON + SECOND, **day))
    record(make_quote(price="39.00", quoted_at=NOON + 2 * SECOND))

    assert candle("1d", MIDNIGHT) == (("38.00", "39.10", "37.50", "39.00"), 1500)


def test_volume_of_a_minute_is_the_increase_of_the_days_volume():
    for seconds, volume in ((0, 1000), (10, 1300), (20, 1200), (30, 1250), (40, None), (50, 1400)):
        record(make_quote(quoted_at=NOON + seconds * SECOND, volume=volume), at=NOON + MINUTE)

    # +300, a decrease, +50; the increase after a quote without a volume is unknown
    assert candle("1m", NOON)[1] == 350
    assert candle("1d")[1] == 1400


def test_first_volume_of_a_day_is_not_an_increase():
    record(make_quote(volume=9_000, quoted_at=MIDNIGHT - SECOND))
    record(make_quote(volume=9_100, quoted_at=MIDNIGHT))
    record(make_quote(volume=9_160, quoted_at=MIDNIGHT + SECOND))

    assert candle("1m", MIDNIGHT)[1] == 60


def test_day_starts_at_midnight_in_sao_paulo():
    record(make_quote(price="38.00", quoted_at=MIDNIGHT - SECOND))
    record(make_quote(price="39.00", quoted_at=MIDNIGHT))

    assert candle("1d", MIDNIGHT - timedelta(days=1))[0] == ("38.00",) * 4
    assert candle("1d", MIDNIGHT)[0] == ("39.00",) * 4


def test_real_and_simulated_rows_are_separate(settings):
    record(make_quote(price="1.00"))
    settings.QUOTE_KIND = "real"

    assert last_quotes() == {}
    real = {"kind": "real", "source": "yahoo"}
    record(make_quote(price="38.42", quoted_at=NOON - MINUTE, **real))
    record(make_quote(price="38.50", quoted_at=NOON, **real))

    assert [(q.price, q.kind) for q in last_quotes().values()] == [(Decimal("38.50"), "real")]
    real_day = Candle.objects.get(kind="real", interval="1d")
    assert (str(real_day.low), str(real_day.high)) == ("38.42", "38.50")
    settings.QUOTE_KIND = "simulated"
    assert [str(q.price) for q in last_quotes().values()] == ["1.00"]
    assert str(Candle.objects.get(kind="simulated", interval="1d").close) == "1.00"


@pytest.mark.parametrize("first", [True, False])
def test_number_of_queries_does_not_depend_on_the_batch(first, django_assert_num_queries):
    def batch(size, at):
        return [make_quote(ticker(n), f"{n + 1}.00", quoted_at=at) for n in range(size)]

    Stock.objects.bulk_create(
        Stock(symbol=ticker(n), name="x", search_text="x", kind="ON") for n in range(85)
    )
    if not first:
        record(*batch(85, NOON - MINUTE))
    counts = []
    for size in (3, 85):
        with connection.execute_wrapper(lambda e, s, p, m, c: counts.append(s) or e(s, p, m, c)):
            record(*batch(size, NOON))
        if size == 3:
            small = len(counts)
            counts.clear()
            LastQuote.objects.filter(quoted_at=NOON).update(quoted_at=NOON - MINUTE)
            Candle.objects.filter(starts_at=NOON).delete()

    split = 4 if connection.vendor == "sqlite" else 0  # limited to 999 values per statement
    assert small <= len(counts) <= small + split
    # Alerts and ideas take one each to evaluate a batch; of first prices, one is about doubts.
    assert small <= 9 + first


@pytest.mark.django_db(transaction=True)
def test_concurrent_runs_store_the_newest_quote():
    record(make_quote(volume=0))
    together = Barrier(4)

    def run(worker):
        for n in range(10):
            together.wait(timeout=10)
            at = NOON + (n * 4 + worker) * SECOND
            quote = make_quote(price=f"3{worker}.{n:02}", quoted_at=at, volume=n * 4 + worker)
            record_quotes(quotes=[quote], at=NOON + MINUTE)
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4)))

    assert last_quotes()["PETR4"].quoted_at == NOON + 39 * SECOND
    assert candle("1m", NOON)[1] == 39
    assert candle("1d")[1] == 39


def test_prune_deletes_candles_older_than_the_settings(settings):
    settings.KEEP_MINUTE_CANDLES_DAYS, settings.KEEP_DAILY_CANDLES_DAYS = 2, 10
    stock = Stock.objects.get(symbol="PETR4")
    for interval in ("1m", "1d"):
        for days in (1, 3, 11):
            CandleFactory(stock=stock, interval=interval, starts_at=NOON - timedelta(days=days))

    assert prune_candles(at=NOON) == 3

    remaining = Candle.objects.values_list("interval", "starts_at").order_by(
        "interval", "-starts_at"
    )
    assert [(interval, (NOON - at).days) for interval, at in remaining] == [
        ("1d", 1),
        ("1d", 3),
        ("1m", 1),
    ]


def test_prune_deletes_the_old_candles_of_every_stock_and_kind_in_chunks(monkeypatch):
    monkeypatch.setattr(candle_services, "PRUNED_STOCKS", 2)
    monkeypatch.setattr(candle_services, "PRUNED_ROWS", 3)
    for number in range(5):
        stock = StockFactory(symbol=f"ABC{chr(65 + number)}3")
        for minute in range(4):
            for kind in QUOTE_KINDS:
                old = NOON - timedelta(days=31, minutes=minute)
                CandleFactory(stock=stock, kind=kind, interval="1m", starts_at=old)
        CandleFactory(stock=stock, interval="1m", starts_at=NOON - timedelta(days=29))

    assert prune_candles(at=NOON) == 5 * 4 * len(QUOTE_KINDS)

    assert set(Candle.objects.values_list("starts_at", flat=True)) == {NOON - timedelta(days=29)}


@pytest.mark.parametrize(("days_later", "candles"), [(0, 2), (4, 0)])
def test_price_without_a_time_creates_no_candle_on_a_day_without_a_session(
    settings, days_later, candles
):
    settings.QUOTE_KIND = "real"
    tuesday_or_saturday = NOON + timedelta(days=days_later)

    record(make_quote(kind="real", quoted_at=None), at=tuesday_or_saturday)

    assert (LastQuote.objects.count(), Candle.objects.count()) == (1, candles)
