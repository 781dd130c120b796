"""The bars that a replay plays, and its way through the real pipe."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import board as boards
from mainapp.market.board.entries import parse_entry
from mainapp.market.models import Candle, ExchangeDay, LastQuote
from mainapp.market.providers.configured import build_chain
from mainapp.market.providers.guard import Guard
from mainapp.market.quotes import NewestTimes
from mainapp.market.selectors import past
from mainapp.market.selectors.past import DatabaseArchive
from mainapp.market.services import updating
from mainapp.market.tests.factories import CandleFactory, CorporateEventFactory, StockFactory

ON = date(2024, 4, 16)
OPENING = datetime(2024, 4, 16, 13, 0, tzinfo=UTC)
MINUTE = Candle.Interval.MINUTE


def minute(stock, minutes, **fields):
    starts_at = OPENING + timedelta(minutes=minutes)
    return CandleFactory(
        stock=stock,
        interval=MINUTE,
        starts_at=starts_at,
        **{"kind": "real", "source": "yahoo"} | fields,
    )


def exchange_day(stock, day, close="38.00"):
    prices = dict.fromkeys(("open", "high", "low", "close"), Decimal(close))
    return ExchangeDay.objects.create(stock=stock, day=day, volume=100, **prices)


def closes(recording):
    return [str(bar.close) for bar in recording.bars]


@pytest.mark.django_db
def test_minutes_of_the_real_market_are_played():
    petr4, vale3 = StockFactory(symbol="PETR4"), StockFactory(symbol="VALE3")
    minute(petr4, 0, close="38.10")
    minute(petr4, 1, close="38.20")
    minute(petr4, 2, close="99.00", kind="simulated")
    minute(petr4, 1440, close="88.00")
    exchange_day(petr4, ON - timedelta(days=1), "37.00")
    for day in (ON, ON + timedelta(days=1)):
        exchange_day(vale3, day, "60.00")

    found = DatabaseArchive().recordings(["PETR4", "VALE3", "ITUB4"], ON)

    assert found.keys() == {"PETR4", "VALE3"}
    assert closes(found["PETR4"]) == ["38.10", "38.20"]
    assert (found["PETR4"].is_daily, found["PETR4"].previous_close) == (False, Decimal("37.00"))
    assert closes(found["VALE3"]) == ["60.00"]  # a session without its minutes
    assert (found["VALE3"].is_daily, found["VALE3"].previous_close) == (True, None)


@pytest.mark.django_db
def test_days_are_played_without_minutes(monkeypatch):
    monkeypatch.setattr(past, "LONGEST", timedelta(days=3))
    petr4 = StockFactory(symbol="PETR4")
    for days in range(-2, 5):
        exchange_day(petr4, ON + timedelta(days=days), f"{30 + days}.00")
    CorporateEventFactory(stock=petr4, kind="split", ex_on=ON + timedelta(days=1), ratio=2)

    recording = DatabaseArchive().recordings(["PETR4"], ON)["PETR4"]

    assert recording.is_daily
    assert closes(recording) == ["15.00", "31.00", "32.00"]
    assert recording.previous_close == Decimal("14.50")
    before = DatabaseArchive().days_before("PETR4", ON)
    assert [str(bar.close) for bar in before] == ["14.00", "14.50"]
    assert DatabaseArchive().days_before("VALE3", ON) == []


@pytest.fixture
def _replay(settings, monkeypatch):
    for name in redis_client().scan_iter(key("replay", "*")):
        redis_client().delete(name)
    settings.QUOTE_KIND = "replay"
    settings.QUOTE_SOURCE, settings.REPLAY_DATE, settings.REPLAY_SPEED = ["replay"], ON, 1.0
    chain = build_chain()
    monkeypatch.setattr(updating, "chain", lambda: chain)
    updating.quote_board.cache_clear()
    yield
    updating.quote_board.cache_clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_replay")
def test_replay_goes_the_way_of_every_quote():
    petr4 = StockFactory(symbol="PETR4")
    minute(petr4, 0, open="38.00", high="38.50", low="38.00", close="38.40")
    exchange_day(petr4, ON - timedelta(days=1), "37.00")

    updating.update_listed(symbols=["PETR4", "VALE3"], run="replay")

    raw = redis_client().hget(boards.board_key("replay"), "PETR4")
    assert parse_entry(b"PETR4", raw, NewestTimes())[1].price == Decimal("38.00")
    quote = LastQuote.objects.get()
    assert (quote.kind, quote.source, quote.previous_close) == (
        "replay",
        "replay",
        Decimal("37.00"),
    )
    assert abs(quote.quoted_at - datetime.now(UTC)) < timedelta(seconds=30)
    played = Candle.objects.filter(kind="replay")
    assert set(played.values_list("interval", "source", "close")) == {
        ("1d", "replay", Decimal("38.00")),
        ("1m", "replay", Decimal("38.00")),
    }
    assert Candle.objects.filter(kind="real").count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_replay")
def test_pages_name_the_replayed_day(client, settings):
    html = client.get("/privacy/").content.decode()
    assert "Mercado simulado" in html
    assert "pregão de 16/04/2024 repetido, estes preços não são de agora" in html
    assert "Fonte: pregão de 16/04/2024, repetido por este servidor" in html

    guard = Guard("replay", redis_url=settings.REDIS_URL, budget=None)
    guard.succeed()
    html = client.get("/sources/").content.decode()
    assert "Os preços são os do pregão de 16/04/2024, repetidos." in html
