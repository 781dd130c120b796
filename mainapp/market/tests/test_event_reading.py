"""When the sources are asked for corporate events, and what that costs the quotes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.redis import client as redis_client
from mainapp.market import tasks, watch
from mainapp.market.models import CorporateEvent, EventReport, Stock
from mainapp.market.providers.base import Budget, ProviderError
from mainapp.market.providers.brapi import BrapiProvider
from mainapp.market.providers.chain import Chain
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.source import Source
from mainapp.market.providers.yahoo import YahooProvider
from mainapp.market.services.corporate_events import reading
from mainapp.market.services.corporate_events.reading import due_stocks, want_events
from mainapp.market.tests.factories import StockFactory, WatchlistFactory, WatchlistItemFactory
from mainapp.market.tests.providers.stub import Stub

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
DIVIDEND = {"rate": 0.5, "label": "DIVIDENDO", "lastDatePrior": "2026-03-19T03:00:00.000Z"}


@pytest.fixture(autouse=True)
def real(settings):
    settings.QUOTE_KIND = "real"
    redis_client().flushdb()


@pytest.fixture
def stub():
    stub = Stub()
    stub.events["brapi"] = {"cashDividends": [DIVIDEND]}
    yield stub
    stub.close()


@pytest.fixture
def follow(db):
    """Return a function that makes a stock and lets somebody follow it."""
    owner = User.objects.create_user("alice", "alice@example.org")
    watchlist = WatchlistFactory(owner=owner)

    def follow(symbol):
        return WatchlistItemFactory(watchlist=watchlist, stock=StockFactory(symbol=symbol)).stock

    return follow


@pytest.fixture
def use(monkeypatch, stub):
    """Return a function that makes a chain of brapi, with a budget a month."""

    def use(calls=15_000, now=lambda: AT):
        budget = Budget(calls=calls, period="month")
        provider = BrapiProvider(url=stub.url, token="t", budget=budget)
        guard = Guard("brapi", redis_url=settings.REDIS_URL, budget=budget, now=now)
        chain = Chain([Source(provider, guard, timeout=3.0)])
        monkeypatch.setattr(reading, "build_chain", lambda: chain)
        return chain

    return use


def read(at=AT):
    return reading.read_due_reports(at=at)


def test_followed_and_held_stocks_are_read_once_a_day(follow, use, stub, monkeypatch):
    follow("PETR4")
    StockFactory(symbol="VALE3")
    monkeypatch.setattr(watch, "_needs", [lambda: {"VALE3"}])
    StockFactory(symbol="ITUB4")
    follow("IBOV")
    Stock.objects.filter(symbol="IBOV").update(kind="INDEX")
    moments = iter(AT + timedelta(hours=hours) for hours in range(100))
    use(now=lambda: next(moments))

    assert [read(), read(AT + timedelta(hours=19))] == [2, 0]
    assert sorted(stub.paths) == [
        f"/api/quote/{name}?dividends=true" for name in ("PETR4", "VALE3")
    ]
    assert CorporateEvent.objects.count() == 2
    assert read(AT + timedelta(hours=21)) == 2
    assert CorporateEvent.objects.count() == 2


def test_stock_whose_page_is_opened_is_read_after_the_followed_ones(follow, use):
    use()
    opened = StockFactory(symbol="ITUB4")
    followed = follow("PETR4")
    want_events(stock=opened, at=AT)
    want_events(stock=opened, at=AT)

    assert due_stocks(source="brapi", at=AT) == [followed, opened]
    assert EventReport.objects.count() == 1
    EventReport.objects.update(read_at=AT, is_wanted=False)
    want_events(stock=opened, at=AT + timedelta(days=6))
    assert opened not in due_stocks(source="brapi", at=AT + timedelta(days=6))
    want_events(stock=opened, at=AT + timedelta(days=8))
    assert opened in due_stocks(source="brapi", at=AT + timedelta(days=8))


def test_loading_the_history_of_an_opened_stock_makes_its_events_due(settings):
    settings.QUOTE_KIND, settings.QUOTE_SOURCE = "simulated", ["simulated"]
    stock = StockFactory(symbol="ITUB4")

    tasks.load_history(["ITUB4"], "1mo")
    assert due_stocks(source="simulated", at=timezone.now()) == [stock]
    tasks.read_corporate_events()

    events = CorporateEvent.objects.all()
    assert {(event.simulated, event.sources, event.strength) for event in events} == {
        (True, "simulated", "single")
    }
    assert len(events) >= 3


def test_events_are_spread_and_take_a_tenth_of_the_budget(follow, use, stub):
    for symbol in ("PETR4", "VALE3", "ITUB4"):
        follow(symbol)
    now = [AT]
    chain = use(calls=100, now=lambda: now[0])

    reads = []
    for day in range(21):  # to the end of March
        now[0] = AT + timedelta(days=day)
        reads.append(read(now[0]))

    assert (sum(reads), max(reads), len(stub.paths)) == (10, 1, 10)
    assert chain.states()[0].calls_used == 10
    now[0] += timedelta(hours=12)
    assert chain.fetch(["PETR4"]).quotes.keys() == {"PETR4"}


def test_without_calls_left_for_quotes_no_events_are_read(follow, use, stub):
    follow("PETR4")
    chain = use(calls=1)
    chain.fetch(["PETR4"])
    del stub.paths[:]

    assert read() == 0
    assert stub.paths == []


@pytest.mark.parametrize("fault", ["rate_limited", "broken", "unauthorized", "html"])
def test_fault_of_events_stops_the_run_and_not_the_quotes(follow, use, stub, fault):
    for symbol in ("PETR4", "VALE3"):
        follow(symbol)
    now = [AT]
    chain = use(now=lambda: now[0])
    stub.fault = fault

    assert read() == 0
    assert (len(stub.paths), EventReport.objects.exclude(read_at=None).count()) == (1, 0)
    assert chain.states("events")[0].state == "open"
    stub.fault = ""
    now[0] += timedelta(minutes=3)  # the call was one of the budget's
    assert chain.fetch(["PETR4"]).quotes.keys() == {"PETR4"}


def test_stock_that_the_source_does_not_have_is_left_until_tomorrow(follow, use, stub):
    follow("ABCD3")
    use()

    assert [read(), len(stub.paths)] == [0, 1]
    assert due_stocks(source="brapi", at=AT) == []
    assert len(due_stocks(source="brapi", at=AT + timedelta(days=1))) == 1


def test_quotes_never_ask_for_events(stub):
    stub.events["yahoo"] = {"dividends": {}}
    providers = [BrapiProvider(url=stub.url, token="t"), YahooProvider(url=stub.url)]
    for provider in providers:
        provider.quotes(["PETR4", "VALE3"])

    assert not [path for path in stub.paths if "dividends" in path or "events" in path]


def test_each_source_that_gives_events_is_read(follow, monkeypatch, stub):
    follow("PETR4")
    stub.events["yahoo"] = {"dividends": {"1": {"amount": 0.5, "date": 1_774_011_600}}}
    sources = [
        Source(provider, Guard(provider.name, redis_url=settings.REDIS_URL), timeout=3.0)
        for provider in (
            BrapiProvider(url=stub.url, token="t"),
            YahooProvider(url=stub.url),
        )
    ]
    chain = Chain(sources)
    monkeypatch.setattr(reading, "build_chain", lambda: chain)

    assert read() == 2
    row = CorporateEvent.objects.get()
    assert (row.sources, row.strength, row.ex_on.isoformat()) == (
        "brapi yahoo",
        "several",
        "2026-03-20",
    )


def test_chain_without_sources_of_events_reads_none(monkeypatch, stub):
    monkeypatch.setattr(reading, "build_chain", lambda: Chain([]))

    assert read() == 0
    with pytest.raises((ProviderError, ValueError)):
        Chain([]).events("brapi", "PETR4")
