"""Crypto currencies from a source's reply to every place that shows a price."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mainapp.alerts.models import Firing
from mainapp.alerts.services.alerts import create_alert
from mainapp.alerts.tests.factories import fired
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.ideas.exceptions import Invalid
from mainapp.ideas.services.publishing import publish_idea
from mainapp.market import watch
from mainapp.market.board import Contents, board_key
from mainapp.market.board.entries import parse_entry
from mainapp.market.fanout.prices import Prices
from mainapp.market.models import Candle, LastQuote, RejectedQuotes
from mainapp.market.providers.binance import BinanceProvider
from mainapp.market.quotes import NewestTimes
from mainapp.market.selectors.candles import sparkline_points
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services import updating
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.providers.binance import BinanceStub
from mainapp.market.tests.quotes import make_quote
from mainapp.market.tests.sources import TestSource, chain_of
from mainapp.notifications.models import Notification
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # a Tuesday, noon in São Paulo
SUNDAY_NIGHT = datetime(2026, 3, 15, 6, 0, tzinfo=UTC)  # 3:00 in São Paulo
PAIRS = {
    "BTCBRL": (2, "345678.12", "345.678,12", "340.000,00"),
    "TINYBRL": (8, "0.00012345", "0,00012345", "0,00012000"),
}


@pytest.fixture(autouse=True)
def _real_market(settings):
    settings.QUOTE_KIND = "real"
    updating.quote_board.cache_clear()
    yield
    updating.quote_board.cache_clear()


@pytest.fixture
def stub(monkeypatch):
    stub = BinanceStub()
    chain = chain_of(BinanceProvider(url=stub.url))
    monkeypatch.setattr(updating, "chain", lambda: chain)
    for symbol, (places, *_) in PAIRS.items():
        StockFactory(symbol=symbol, price_places=places)
    yield stub
    stub.close()


def quote(symbol, price, *, at=NOON, **fields):
    values = {name: Decimal(value) for name, value in fields.items() if name != "currency"}
    values |= {"currency": fields["currency"]} if "currency" in fields else {}
    return make_quote(symbol, price, kind="real", source="binance", quoted_at=at, **values)


def record(symbol, price, *, at=NOON, **fields):
    return record_quotes(quotes=[quote(symbol, price, at=at, **fields)], at=at).quotes


def make_alert(owner, stock, *, at=NOON, **fields):
    values = {n: Decimal(v) if isinstance(v, str) else v for n, v in fields.items()}
    return create_alert(owner=owner, fields={"ativo": stock} | values, quote_kind="real", at=at)


def frames(*symbols):
    """Return the quotes of a snapshot, read from the board as web processes do."""
    raw = redis_client().hgetall(board_key("real"))
    quotes = {s.encode(): parse_entry(s.encode(), raw[s.encode()], NewestTimes()) for s in symbols}
    prices = Prices()
    known = {name.decode(): entry for name, entry in quotes.items() if entry}
    prices.load(Contents("epoch", 1, known))
    return orjson.loads(prices.whole(symbols))


def text_of(response):
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("symbol", PAIRS)
def test_price_keeps_its_digits_from_the_reply_to_every_page(
    client, alice, stub, time_machine, symbol
):
    places, wire, shown, close = PAIRS[symbol]
    time_machine.move_to(NOON)
    client.force_login(alice)
    updating.update_listed(symbols=[symbol], run="1")
    stock = LastQuote.objects.get().stock
    Carteira.objects.create(
        owner=alice,
        ativo=stock,
        preco_medio=Decimal(wire),
        quantidade=Decimal("0.00012345"),
        nota=5,
    )
    alert = make_alert(alice, stock, compra=wire, fires_if_beyond=True)

    # Board and frame
    frame = frames(symbol)[symbol]
    assert (frame["price"], frame["session"], frame["volume"]) == (wire, "open", "12.34567")
    assert len(frame["previous_close"].split(".")[1]) == places
    # Pages
    for path in (f"/stocktracker?stockpicker={symbol}", f"/ativo/{symbol}", "/carteira", "/alerts"):
        assert shown in text_of(client.get(path, follow=True)), path
    assert close in text_of(client.get(f"/ativo/{symbol}/"))
    assert f"cair até R$ {shown}" in text_of(client.get(f"/alerts/{alert.pk}/", follow=True))
    # API
    data = client.get(f"/api/v1/quotes/?symbols={symbol}").json()["quotes"][symbol]
    assert data == frame
    row = client.get(f"/api/v1/stocks/{symbol}/").json()
    assert (row["market"], row["price_places"], row["currency"]) == ("CRIPTO", places, "BRL")
    data = client.get(f"/api/v1/alerts/{alert.pk}/").json()
    assert (data["compra"], data["target_price"], data["venda"]) == (wire, wire, None)
    holding = client.get("/api/v1/carteira/").json()["results"][0]
    assert (holding["price"], holding["quantidade"]) == (wire, "0.00012345")
    assert holding["total"] == str(
        (Decimal(wire) * Decimal("0.00012345")).quantize(Decimal("0.01"))
    )
    bars = client.get(f"/graph/candles?ticker={symbol}&range=1d&interval=1m").json()
    assert (bars["bars"][-1]["close"], bars["places"]) == (wire, places)


@pytest.mark.parametrize(
    ("symbol", "limit", "price", "title"),
    [
        ("BTCBRL", "350000.50", "350000.51", "BTCBRL atingiu R$ 350.000,51"),
        ("TINYBRL", "0.00012400", "0.00012400", "TINYBRL atingiu R$ 0,00012400"),
    ],
)
def test_alert_fires_at_the_exact_limit_in_a_weekend_s_night(
    alice, stub, time_machine, symbol, limit, price, title
):
    time_machine.move_to(SUNDAY_NIGHT)
    start = SUNDAY_NIGHT - timedelta(minutes=1)
    record(symbol, PAIRS[symbol][1], at=start)
    stock = LastQuote.objects.get().stock
    alert = make_alert(alice, stock, venda=limit, at=start)
    one_tick = Decimal(1).scaleb(-stock.price_places)
    record(symbol, str(Decimal(limit) - one_tick), at=SUNDAY_NIGHT - timedelta(seconds=30))
    assert not Firing.objects.exists()

    record(symbol, price, at=SUNDAY_NIGHT)

    assert len(fired(alert)) == 1
    notification = Notification.objects.get()
    assert notification.title.replace("\N{NO-BREAK SPACE}", " ") == title
    limit_text = title.split("R$ ")[1].replace("51", "50")
    assert f"R$ {limit_text}" in notification.body.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(("symbol", "price", "fires"), [("BTCBRL", "9", 1), ("PETR4", "9", 0)])
def test_hold_runs_through_midnight_for_crypto_alone(alice, symbol, price, fires):
    midnight = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
    stock = StockFactory(symbol=symbol)
    record(symbol, "11", at=midnight - timedelta(minutes=30))
    alert = make_alert(
        alice, stock, compra="10", hold_minutes=10, at=midnight - timedelta(minutes=30)
    )
    for minutes in (-6, -1, 5):
        record(symbol, price, at=midnight + timedelta(minutes=minutes))

    assert len(fired(alert)) == fires


def test_previous_close_changes_at_midnight_in_sao_paulo(stub, time_machine):
    before, after = (
        datetime(2026, 3, 11, 2, 59, 59, tzinfo=UTC) + timedelta(seconds=n) for n in (0, 3)
    )
    closes = []
    for at, close in ((before, "340000"), (after, "345000")):
        time_machine.move_to(at)
        stub.at, stub.closes["BTCBRL"] = at, close
        updating.update_listed(symbols=["BTCBRL"], run="1")
        closes.append(str(last_quotes()["BTCBRL"].previous_close))

    assert closes == ["340000.00", "345000.00"]
    days = Candle.objects.filter(interval="1d").order_by("starts_at")
    assert [day.starts_at.isoformat() for day in days] == [
        "2026-03-10T03:00:00+00:00",
        "2026-03-11T03:00:00+00:00",
    ]


def test_reply_without_the_day_keeps_the_previous_close(stub, time_machine):
    time_machine.move_to(NOON)
    updating.update_listed(symbols=["BTCBRL"], run="1")
    record("BTCBRL", "345700", at=NOON + timedelta(seconds=1))

    assert str(last_quotes()["BTCBRL"].previous_close) == "340000.00"


def test_pushed_price_after_midnight_has_no_close_until_polling_knows_it(stub, time_machine):
    """A close of 24 hours ago would be worse: the stream is not given, so the pair is polled."""
    midnight = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
    time_machine.move_to(midnight - timedelta(seconds=2))
    stub.at = midnight - timedelta(seconds=2)
    updating.update_listed(symbols=["BTCBRL"], run="1")

    record("BTCBRL", "345700", at=midnight + timedelta(seconds=1))

    assert last_quotes()["BTCBRL"].previous_close is None
    assert str(last_quotes()["BTCBRL"].price) == "345700.00"


def test_idea_is_published_and_decided_on_a_sunday_night(alice):
    stock = StockFactory(symbol="TINYBRL", price_places=8)
    record("TINYBRL", "0.00012345", at=SUNDAY_NIGHT)
    values = {"side": "buy", "thesis": "Sobe.", "horizon": date(2026, 4, 10)}
    values |= {"target": Decimal("0.00012600"), "stop": Decimal("0.00012000")}

    idea = publish_idea(author=alice, stock=stock, at=SUNDAY_NIGHT, **values)
    assert (idea.status, str(idea.price_at)) == ("open", "0.00012345")
    for seconds, price, status in ((30, "0.00012599", "open"), (60, "0.00012600", "target")):
        record("TINYBRL", price, at=SUNDAY_NIGHT + timedelta(seconds=seconds))
        idea.refresh_from_db()
        assert idea.status == status


def test_target_of_an_idea_has_the_places_of_its_stock(alice):
    stock = StockFactory(symbol="BTCBRL")
    values = {"side": "buy", "thesis": "Sobe.", "horizon": date(2026, 4, 10)}
    values |= {"target": Decimal("400000.005"), "stop": Decimal("300000")}
    with pytest.raises(Invalid):
        publish_idea(author=alice, stock=stock, at=SUNDAY_NIGHT, **values)


def test_columns_change_without_copying_tables():
    """On SQLite nothing happens, and PostgreSQL needs one statement, whatever the table's size."""
    executor = MigrationExecutor(connection)
    state = executor.loader.project_state(("alerts", "0004_prices_of_eight_places"))
    migration = executor.loader.get_migration("alerts", "0004_prices_of_eight_places")
    with connection.schema_editor(collect_sql=True) as editor:
        migration.operations[0].database_forwards("alerts", editor, state, state)
    statements = [sql for sql in editor.collected_sql if not sql.startswith("--")]
    if connection.vendor == "sqlite":
        assert statements == []
    else:
        assert len(statements) == 1
        assert statements[0].count("TYPE numeric") == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": "345678", "currency": "USD"}, "currency"),
        ({"price": "0"}, "not_positive"),
        ({"price": "0.001"}, "not_positive"),
        ({"price": "NaN"}, "not_finite"),
        ({"price": "360000", "low": "340000", "high": "350000"}, "out_of_range"),
        ({"price": "0.00012346", "low": "0.00012000", "high": "0.00012100"}, "out_of_range"),
    ],
)
def test_wrong_quote_is_refused_and_counted(fields, reason):
    symbol = "TINYBRL" if fields["price"].startswith("0.0001") else "BTCBRL"
    StockFactory(symbol=symbol, price_places=PAIRS[symbol][0])

    assert record(symbol, **fields) == []

    assert [row.reason for row in RejectedQuotes.objects.all()] == [reason]


def test_doubt_of_a_tiny_pair_is_not_hidden_by_a_cent():
    StockFactory(symbol="TINYBRL", price_places=8)
    record("TINYBRL", "0.00010000")
    record("TINYBRL", "0.00020000", at=NOON + timedelta(seconds=1))
    assert str(last_quotes()["TINYBRL"].price) == "0.00010000"
    assert str(last_quotes()["TINYBRL"].doubtful_price) == "0.00020000"


@pytest.mark.parametrize("days", [0, 1])
def test_batch_of_a_weekend_polls_crypto_at_each_interval_and_b3_once_a_minute(
    monkeypatch, time_machine, days
):
    source = TestSource(kind="real", prices={"PETR4": "38.42", "BTCBRL": "345678.12"})
    chain = chain_of(source)
    monkeypatch.setattr(updating, "chain", lambda: chain)
    for symbol in source.prices:
        StockFactory(symbol=symbol)
    redis_client().sadd(key("watch", "web"), *source.prices)
    watch.REGISTRY.add(redis_client(), "web")
    start = SUNDAY_NIGHT - timedelta(days=days)
    for seconds in range(0, 70, 10):
        time_machine.move_to(start + timedelta(seconds=seconds), tick=False)
        assert updating.update_watched(at=start + timedelta(seconds=seconds))

    assert [sorted(request) for request in source.requests] == [
        ["BTCBRL", "PETR4"],
        *[["BTCBRL"]] * 5,
        ["BTCBRL", "PETR4"],
    ]


def test_closed_exchange_beside_the_open_market(client, time_machine):
    time_machine.move_to(SUNDAY_NIGHT)
    friday = datetime(2026, 3, 13, 20, 0, tzinfo=UTC)
    for symbol, at in (("PETR4", friday), ("BTCBRL", SUNDAY_NIGHT)):
        StockFactory(symbol=symbol)
        record(symbol, "10.00", at=at - timedelta(minutes=11))
        record(symbol, "10.10", at=at)
        updating.place_quotes(last_quotes([symbol]).values(), None)

    sent = frames("PETR4", "BTCBRL")
    assert {symbol: frame["session"] for symbol, frame in sent.items()} == {
        "PETR4": "closed",
        "BTCBRL": "open",
    }
    # Friday's line of the one, today's of the other.
    assert all(points for points in sparkline_points(last_quotes().values()).values())
    status = {tuple(names): market_status(at=SUNDAY_NIGHT, symbols=names)["session"]
              for names in (["BTCBRL"], ["BTCBRL", "PETR4"], [])}  # fmt: skip
    assert list(status.values()) == ["open", "closed", "closed"]


def test_session_of_b3_is_sent_again_when_it_changes(time_machine):
    StockFactory(symbol="PETR4")
    before = datetime(2026, 3, 10, 12, 50, tzinfo=UTC)
    time_machine.move_to(before)
    prices = Prices()
    old = quote("PETR4", "10", at=before)
    prices.apply({"PETR4": old.to_wire()}, 1)

    time_machine.move_to(NOON)
    fragment = prices.apply({"PETR4": {"price": "11.00"}}, 2)["PETR4"]

    assert orjson.loads(b"{%b}" % fragment) == {"PETR4": {"price": "11.00", "session": "open"}}


@pytest.mark.parametrize(
    ("symbol", "places", "value", "is_valid"),
    [
        ("BTCBRL", 2, "350000,505", False),
        ("BTCBRL", 2, "350.000,50", True),
        ("TINYBRL", 8, "0,00012345", True),
        ("TINYBRL", 8, "0,000123456", False),
        ("PETR4", 2, "38,421", False),
    ],
)
def test_typed_limit_has_the_places_of_its_stock(client, alice, symbol, places, value, is_valid):
    StockFactory(symbol=symbol, price_places=places)
    client.force_login(alice)
    form = {"ativo": symbol, "venda": value, "recurrence": "once", "rearm_pct": "0,5"}
    form |= {"hold_minutes": "0", "cooldown_minutes": "0", "duracao": "15"}
    page = client.post("/create-alert/", form)
    api = client.post(
        "/api/v1/alerts/",
        {"ativo": symbol, "venda": value.replace(".", "").replace(",", ".")},
        content_type="application/json",
    )
    assert (page.status_code, api.status_code) == ((302, 201) if is_valid else (200, 400))


def test_picker_and_search_have_the_pairs(client):
    StockFactory(symbol="BTCBRL", name="Bitcoin", sector="Criptomoedas")
    StockFactory(symbol="PETR4")
    page = text_of(client.get("/stockpicker/CRIPTO", follow=True))
    assert "Bitcoin" in page
    assert "PETR4" not in page
    assert "BTCBRL" in text_of(client.get("/stocks/search/?q=bitcoin", follow=True))
