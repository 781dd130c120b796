from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import tasks
from mainapp.market.models import Candle, RejectedQuotes
from mainapp.market.providers.base import ProviderError
from mainapp.market.quotes import Bar
from mainapp.market.quotes.histories import believed_bars
from mainapp.market.selectors.candles import chart_bars, day_closes, midnight, range_start
from mainapp.market.services import history
from mainapp.market.sessions import is_session_day, sao_paulo_day
from mainapp.market.tests.factories import NOON, CandleFactory, StockFactory
from mainapp.market.tests.quotes import make_quote

pytestmark = pytest.mark.django_db

MINUTE = Candle.Interval.MINUTE
DAY = Candle.Interval.DAY


@pytest.fixture(autouse=True)
def _forget_loads():
    client = redis_client()
    for name in client.scan_iter(key("history", "*")):
        client.delete(name)


def bar(starts_at, close="10.00", volume=100):
    price = Decimal(close)
    return Bar(starts_at=starts_at, open=price, high=price, low=price, close=price, volume=volume)


class Source:
    """A replacement of the chain that returns bars, or fails without any."""

    def __init__(self, bars=None):
        self.bars = bars
        self.requests = []

    def history(self, symbol, range_, interval):
        self.requests.append((symbol, range_, interval))
        if self.bars is None:
            raise ProviderError("no answer")
        return self.bars, "brapi"


@pytest.fixture
def source(monkeypatch):
    chain = Source([bar(NOON - timedelta(days=1)), bar(NOON, "11.00")])
    monkeypatch.setattr(history, "build_chain", lambda: chain)
    return chain


def test_repeated_load_stores_each_bar_once(source):
    stock = StockFactory(symbol="PETR4")
    for _ in range(2):
        assert history.load_history(symbol="PETR4", range_="1mo", at=NOON) == "ok"
    stored = Candle.objects.filter(stock=stock).values_list("starts_at", "interval", "close")
    assert list(stored.order_by("starts_at")) == [
        (midnight(sao_paulo_day(NOON - timedelta(days=1))), "1d", Decimal("10.00")),
        (midnight(sao_paulo_day(NOON)), "1d", Decimal("11.00")),
    ]
    assert set(Candle.objects.values_list("source", "kind")) == {("brapi", "simulated")}


def test_load_replaces_closed_slots_but_not_the_current_one():
    stock = StockFactory(symbol="PETR4")
    earlier = NOON - timedelta(minutes=1)
    for starts_at in (earlier, NOON):
        CandleFactory(stock=stock, interval=MINUTE, starts_at=starts_at, close=Decimal("38.42"))
    bars = [bar(earlier), bar(NOON), bar(NOON + timedelta(hours=1))]
    history.store_bars(stock=stock, interval=MINUTE, bars=bars, source="brapi", at=NOON)
    closes = Candle.objects.order_by("starts_at").values_list("starts_at", "close")
    assert list(closes) == [(earlier, Decimal("10.00")), (NOON, Decimal("38.42"))]


def test_one_caller_gets_the_claim_and_the_others_the_state(source):
    StockFactory(symbol="PETR4")
    assert history.claim_load(symbol="PETR4", range_="1y") == history.Load("loading", claimed=True)
    assert history.claim_load(symbol="PETR4", range_="1y") == history.Load("loading")
    tasks.load_history(["PETR4"], "1y")
    assert history.claim_load(symbol="PETR4", range_="1y") == history.Load("ok")
    assert source.requests == [("PETR4", "1y", "1d")]


def test_failed_load_is_not_repeated_for_a_while(source):
    StockFactory(symbol="PETR4")
    source.bars = None
    tasks.load_history(["PETR4"], "1d")
    load = history.claim_load(symbol="PETR4", range_="1d")
    assert (load.status, load.claimed) == ("failed", False)
    assert 0 < load.retry_after_s <= history.FAILED_S


def test_day_is_claimed_once_for_several_pages():
    symbols = ["PETR4", "VALE3"]
    assert history.claim_day_loads(symbols=symbols) == (symbols, set(symbols))
    assert history.claim_day_loads(symbols=[*symbols, "ITUB4"]) == (
        ["ITUB4"],
        {"PETR4", "VALE3", "ITUB4"},
    )


def test_daily_bars_are_complete_without_missing_sessions():
    start = range_start("1mo", at=NOON)
    assert start
    since = sao_paulo_day(start)
    days = [since + timedelta(days=n) for n in range((sao_paulo_day(NOON) - since).days)]
    bars = [bar(midnight(day)) for day in days if is_session_day(day)]
    assert history.is_complete(bars, range_="1mo", at=NOON)
    assert not history.is_complete(bars[:-1], range_="1mo", at=NOON)
    assert history.is_complete(bars[1:], range_="1mo", at=NOON)
    assert not history.is_complete(bars[10:], range_="1mo", at=NOON)
    assert not history.is_complete([], range_="1mo", at=NOON)
    assert not history.is_complete(bars, range_="max", at=NOON)


def test_day_is_returned_in_five_minute_bars(django_assert_num_queries):
    stock = StockFactory(symbol="PETR4")
    for minute, (low, high, close) in enumerate([(9, 12, 10), (8, 11, 9), (9, 13, 12)]):
        CandleFactory(
            stock=stock,
            interval=MINUTE,
            starts_at=NOON + timedelta(minutes=minute + 3),
            open=Decimal(10),
            low=Decimal(low),
            high=Decimal(high),
            close=Decimal(close),
            volume=5,
        )
    with django_assert_num_queries(2):
        bars, source = chart_bars(stock=stock, range_="1d", at=NOON + timedelta(hours=1))
    first = Bar(
        starts_at=NOON,
        open=Decimal(10),
        high=Decimal(12),
        low=Decimal(8),
        close=Decimal(9),
        volume=10,
    )
    assert bars[0] == first
    assert [row.starts_at for row in bars] == [NOON, NOON + timedelta(minutes=5)]
    assert source == "simulated"


def test_weekend_shows_the_last_session():
    stock = StockFactory(symbol="PETR4")
    friday = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
    for starts_at in (friday - timedelta(days=1), friday):
        CandleFactory(stock=stock, interval=MINUTE, starts_at=starts_at)
    bars, _ = chart_bars(stock=stock, range_="1d", at=friday + timedelta(days=2))
    assert [row.starts_at for row in bars] == [friday]


def test_real_and_simulated_candles_are_separate(settings):
    stock = StockFactory(symbol="PETR4")
    CandleFactory(stock=stock, interval=DAY, starts_at=midnight(sao_paulo_day(NOON)))
    settings.QUOTE_KIND = "real"
    assert chart_bars(stock=stock, range_="1mo", at=NOON) == ([], "")


@pytest.mark.parametrize("count", [1, 3])
def test_day_closes_need_two_queries(count, django_assert_num_queries):
    stocks = StockFactory.create_batch(count)
    for stock in stocks:
        for minutes in (0, 1, 5):
            starts_at = NOON + timedelta(minutes=minutes)
            CandleFactory(stock=stock, interval=MINUTE, starts_at=starts_at, close=Decimal("9.50"))
    with django_assert_num_queries(2):
        closes = day_closes(stocks=stocks, at=NOON + timedelta(hours=1))
    noon = int(NOON.timestamp())
    assert closes == {stock.symbol: [(noon, "9.50"), (noon + 300, "9.50")] for stock in stocks}


def minute_bars(*closes, high=None):
    """Return bars one minute apart that end at NOON; `high` is that of the last one."""
    last = len(closes) - 1
    return [
        Bar(
            starts_at=NOON - timedelta(minutes=last - n),
            open=Decimal(close),
            high=Decimal(high if high and n == last else close),
            low=Decimal(close),
            close=Decimal(close),
        )
        for n, close in enumerate(closes)
    ]


def believed(*closes, last=None, **fields):
    quote = last and make_quote(price=last, **fields)
    bars = believed_bars(minute_bars(*closes), last=quote)
    return [str(bar.close) for bar in bars]


@pytest.mark.parametrize(
    ("closes", "kept"),
    [
        (["61.00", "610.00", "61.10", "61.20"], ["61.00", "61.10", "61.20"]),
        (["610.00", "61.10", "61.20"], ["61.10", "61.20"]),
        (["61.00", "61.10", "610.00"], ["61.00", "61.10"]),
        (["60.00", "60.10", "30.00", "30.10"], ["60.00", "60.10", "30.00", "30.10"]),  # a split
        (["61.00"], ["61.00"]),
        ([], []),
    ],
)
def test_bar_that_jumps_and_returns_is_refused(closes, kept):
    assert believed(*closes) == kept


def test_bars_outside_the_day_range_of_the_last_quote_are_refused():
    day = {"low": Decimal("60.50"), "high": Decimal("61.68")}

    assert believed("61.00", "610.00", "611.00", last="61.07", **day) == ["61.00"]
    assert believed("61.00", "61.10", last="61.07", **day) == ["61.00", "61.10"]


def test_wild_high_of_a_bar_is_cut():
    (*_, bar) = believed_bars(minute_bars("61.00", "61.10", high="618.00"), last=None)

    assert (bar.high, bar.close) == (Decimal("61.10"), Decimal("61.10"))


def test_history_with_a_wild_bar_is_stored_without_it_and_counted(db):
    stock = StockFactory(symbol="PETR4")

    history.store_bars(
        stock=stock,
        interval=Candle.Interval.MINUTE,
        bars=minute_bars("61.00", "610.00", "61.10"),
        source="brapi",
        at=NOON + timedelta(minutes=1),
    )

    assert [str(row.close) for row in Candle.objects.order_by("starts_at")] == ["61.00", "61.10"]
    row = RejectedQuotes.objects.get()
    assert (row.source, row.reason, row.count, row.last_symbol) == ("brapi", "doubtful", 1, "PETR4")
