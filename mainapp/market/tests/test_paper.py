from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import redis
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from mainapp.accounts.models import User
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market import tasks
from mainapp.market.models import Candle
from mainapp.market.services import history
from mainapp.market.services.watchlists import edit_current
from mainapp.market.tests.factories import (
    CandleFactory,
    CorporateEventFactory,
    LastQuoteFactory,
    MembershipFactory,
    StockFactory,
)
from project.broker.messages import checked_loads

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_loaded_nor_queued():
    client = redis_client()
    client.delete(key("celery", "celery"))
    for name in client.scan_iter(key("history", "*")):
        client.delete(name)


def queued():
    """Return the arguments of each task in the queue."""
    client = redis_client()
    bodies = [checked_loads(raw.decode()) for raw in client.lrange(key("celery", "celery"), 0, -1)]
    return [body["headers"]["argsrepr"] for body in bodies]


def test_index_is_shown_without_a_ticker(client):
    StockFactory(symbol="IBOV", name="Ibovespa")
    page = client.get("/graph")
    assert page.status_code == 200
    assert page.context["stock"].symbol == "IBOV"


def test_page_contains_price_and_closes_without_scripts(client):
    stock = StockFactory(symbol="PETR4")
    LastQuoteFactory(stock=stock)
    CandleFactory(stock=stock)
    page = client.get("/graph?ticker=petr4&range=1y").content.decode()
    assert "38,42" in page
    assert "37,50" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ticker=XXXX3", 404),
        ("ticker=", 404),
        ("ticker=PETR4&range=2w", 404),
        ("ticker=PE%00TR4", 400),
        ("ticker=PETR4&range=1d%0a", 400),
        ("ticker=PETR4F", 200),
    ],
)
@pytest.mark.parametrize("path", ["/graph", "/graph/candles"])
def test_unknown_values_are_404_and_control_characters_400(client, path, query, status):
    StockFactory(symbol="PETR4")
    response = client.get(f"{path}?{query}")
    assert response.status_code in {status, 202 if status == 200 else status}


def test_renamed_ticker_redirects_to_the_new_one(client):
    new = StockFactory(symbol="AXIA3")
    StockFactory(symbol="ELET3", renamed_to=new, is_active=False)
    response = client.get("/graph?ticker=ELET3&range=6mo")
    assert response.status_code == 302
    assert response.url == "/graph?ticker=AXIA3&range=6mo&former=ELET3"
    assert "ELET3 virou AXIA3." in client.get(response.url).content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ativo/PETR4/", 200),
        ("/ativo/PETR4/?range=1y", 200),
        ("/ativo/PETR4/?range=2w", 404),
        ("/ativo/XXXX3/", 404),
        ("/ativo/nada/", 404),
        ("/ativo/PE%00TR4/", 400),
        ("/ativo/PETR4%0a/", 400),
        ("/ativo/PETR4/?range=1d%0a", 400),
    ],
)
def test_address_of_a_paper_exists_for_known_codes(client, caplog, path, status):
    StockFactory(symbol="PETR4")

    assert client.get(path).status_code == status
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("text", ["petr4", "PETR4F", "petr4f"])
def test_other_spellings_of_a_code_redirect_to_its_page(client, text):
    StockFactory(symbol="PETR4")

    assert client.get(f"/ativo/{text}/").url == "/ativo/PETR4/"
    assert client.get(f"/ativo/{text}/?range=1y").url == "/ativo/PETR4/?range=1y"


def test_former_code_leads_to_the_page_of_its_successor(client):
    new = StockFactory(symbol="AXIA3")
    StockFactory(symbol="ELET3", renamed_to=new, is_active=False)

    response = client.get("/ativo/elet3/?range=6mo", follow=True)

    assert response.redirect_chain == [("/ativo/AXIA3/?range=6mo&former=ELET3", 302)]
    assert "ELET3 virou AXIA3." in response.content.decode()


def test_page_of_a_delisted_stock_has_a_note_and_requests_no_history(client):
    stock = StockFactory(symbol="CIEL3", is_active=False)
    LastQuoteFactory(stock=stock)
    CorporateEventFactory(stock=stock, kind="delisting", ex_on=date(2024, 8, 26), ratio=None)

    page = client.get("/graph?ticker=CIEL3").content.decode()
    candles = client.get("/graph/candles?ticker=CIEL3").json()

    assert "CIEL3 deixou de ser negociado em 26/08/2024." in page
    assert "38,42" in page
    assert candles["status"] == "ok"
    assert queued() == []


def test_page_shows_known_facts_and_marks_unknown_ones(client):
    stock = StockFactory(symbol="AAPL34", name="Apple Inc. BDR", isin="BRAAPLBDR004")
    for as_of, weight in ((date(2026, 1, 5), "9.1"), (date(2026, 5, 4), "2.345")):
        MembershipFactory(stock=stock, market="BDRX", as_of=as_of, weight_pct=Decimal(weight))
    CorporateEventFactory(
        stock=stock, kind="split", ex_on=None, month="2026-02", ratio=None, strength="single"
    )

    page = client.get("/graph?ticker=AAPL34").content.decode()

    assert "BRAAPLBDR004" in page
    assert "BDRX 2,35%" in page
    assert 'title="Carteira de 04/05/2026"' in page
    assert "9,10%" not in page
    assert "<dt>Papel de origem</dt><dd>desconhecido</dd>" in page
    assert "<dt>Setor</dt><dd>desconhecido</dd>" in page
    assert "<td>2026-02</td>" in page


@pytest.mark.parametrize("count", [1, 3])
def test_page_needs_the_same_queries_for_any_content(client, count, django_assert_num_queries):
    stock = StockFactory(symbol="PETR4", sector="Petróleo")
    LastQuoteFactory(stock=stock)
    for other in ("PRIO3", "VBBR3", "UGPA3")[:count]:
        LastQuoteFactory(stock=StockFactory(symbol=other, sector="Petróleo"))
    for day in range(count):
        CandleFactory(stock=stock, starts_at=timezone.now() - timedelta(days=day))
    # The stock, its quote, its closes, facts (2), rooms, ideas, and peers with their quotes and
    # points.
    with django_assert_num_queries(10):
        client.get("/graph?ticker=PETR4")


def test_crypto_currencies_have_no_facts_of_listed_stocks(client):
    stock = StockFactory(symbol="BTCBRL", market="CRIPTO", kind="CRYPTO")
    CandleFactory(stock=stock)
    page = client.get("/ativo/BTCBRL/").content.decode()
    assert "<dt>Tipo</dt>" in page
    assert "<dt>ISIN</dt>" not in page
    assert "Volume em ações" not in page


def test_closes_have_their_changes(client):
    stock = StockFactory(symbol="PETR4")
    for days, close in ((2, "40.00"), (1, "41.00"), (0, "40.18")):
        CandleFactory(stock=stock, starts_at=timezone.now() - timedelta(days=days), close=close)

    page = client.get("/ativo/PETR4/").content.decode()

    assert '<span class="down">\N{MINUS SIGN}2,00%</span>' in page
    assert '<span class="up">+2,50%</span>' in page


def test_page_says_whether_the_reader_follows_the_stock(client):
    StockFactory(symbol="PETR4")
    user = User.objects.create_user("alice", "alice@example.org")
    client.force_login(user)
    assert "Acompanhar</span>" in client.get("/ativo/PETR4/").content.decode()

    edit_current(owner=user, add=["PETR4"], remove=[])

    assert "Acompanhando</span>" in client.get("/ativo/PETR4/").content.decode()


def test_candles_are_loaded_once_in_the_background(client):
    StockFactory(symbol="PETR4")
    responses = [client.get("/graph/candles?ticker=PETR4&range=1mo") for _ in range(2)]
    assert [response.status_code for response in responses] == [202, 202]
    assert responses[0].json()["status"] == "loading"
    assert queued() == ["(['PETR4'], '1mo')"]
    tasks.load_history(["PETR4"], "1mo")
    response = client.get("/graph/candles?ticker=PETR4&range=1mo")
    body = response.json()
    assert (response.status_code, body["status"], body["interval"]) == (200, "ok", "1d")
    assert body["source"] == "simulated"
    assert len(body["bars"]) > 10
    assert set(body["bars"][0]) == {"time", "open", "high", "low", "close", "volume"}
    assert isinstance(body["bars"][0]["close"], str)
    assert len(queued()) == 1


def test_candles_have_the_requested_width_or_the_usual_one(client):
    stock = StockFactory(symbol="PETR4")
    CandleFactory(stock=stock, starts_at=timezone.now() - timedelta(days=2))
    for query, interval in (("", "1d"), ("&interval=1w", "1w"), ("&interval=1mo", "1mo")):
        body = client.get(f"/graph/candles?ticker=PETR4&range=1y{query}").json()
        assert (body["interval"], len(body["bars"]), body["begins_late"]) == (interval, 1, True)
    for query in ("range=1y&interval=5m", "range=1d&interval=1d", "range=1d&interval=2m"):
        assert client.get(f"/graph/candles?ticker=PETR4&{query}").status_code == 404
    assert client.get("/graph/candles?ticker=PETR4&interval=5m%0a").status_code == 400


def test_month_of_minutes_loads_what_sources_have(client):
    StockFactory(symbol="PETR4")
    response = client.get("/graph/candles?ticker=PETR4&range=1mo&interval=60m")
    assert response.status_code == 202
    assert queued() == ["(['PETR4'], '5d')"]


@pytest.mark.parametrize("count", [1, 3])
def test_candles_need_three_queries(client, count, django_assert_num_queries):
    stock = StockFactory(symbol="PETR4")
    for minute in range(count):
        CandleFactory(
            stock=stock,
            interval=Candle.Interval.MINUTE,
            starts_at=timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=minute),
        )
    with django_assert_num_queries(3):
        client.get("/graph/candles?ticker=PETR4&range=1d")


@pytest.mark.parametrize("symbols", [["PETR4"], ["PETR4", "VALE3", "ITUB4"]])
def test_sparklines_of_many_stocks_are_one_response(client, symbols, django_assert_num_queries):
    for symbol in symbols:
        StockFactory(symbol=symbol)
    query = "&".join(f"ticker={symbol}" for symbol in [*symbols, "XXXX3"])
    with django_assert_num_queries(2):
        body = client.get(f"/graph/candles?sparklines=1&{query}").json()
    assert body == {"range": "1d", "status": "loading", "closes": {s: [] for s in symbols}}
    assert queued() == [f"({symbols}, '1d')"]
    tasks.load_history(symbols, "1d")
    body = client.get(f"/graph/candles?sparklines=1&{query}").json()
    assert body["status"] == "ok"
    assert len(queued()) == 1


def test_stored_candles_are_shown_without_redis(client, monkeypatch):
    stock = StockFactory(symbol="PETR4")
    CandleFactory(stock=stock, starts_at=timezone.now() - timedelta(days=2))
    gone = redis.Redis(unix_socket_path="/nonexistent", retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(history, "redis_client", lambda: gone)
    body = client.get("/graph/candles?ticker=PETR4&range=1mo").json()
    assert (body["status"], len(body["bars"])) == ("failed", 1)
    assert client.get("/graph/candles?ticker=PETR4&sparklines=1").json()["status"] == "ok"


def test_a_bdr_shows_the_country_of_its_issuer(client):
    StockFactory(symbol="AAPL34", kind="BDR", country="US")

    page = client.get("/ativo/AAPL34/").content.decode()

    assert "flags.svg#US" in page
    assert '<span class="visually-hidden"> · Estados Unidos</span>' in page
    assert "<dd>Estados Unidos</dd>" in page


def test_page_lists_payments_and_what_their_sources_say_of_them(client):
    stock = StockFactory(symbol="PETR4")
    values = {"is_reported": True, "simulated": True, "ratio": None, "sources": "brapi yahoo"}
    CorporateEventFactory(
        stock=stock,
        kind="interest",
        amount=Decimal("0.3342861700"),
        pay_on=date(2026, 4, 10),
        ex_on=date(2026, 3, 20),
        status="announced",
        former={"amount": "0.33", "pay_on": ""},
        others={"yahoo": "0.3"},
        changed_at=datetime(2026, 3, 10, 15, tzinfo=UTC),
        **values,
    )
    one_source = values | {"ratio": Decimal("1.1"), "is_ratio_sure": False, "sources": "brapi"}
    CorporateEventFactory(stock=stock, kind="bonus", is_date_sure=False, **one_source)
    CorporateEventFactory(
        stock=stock, kind="dividend", amount=Decimal(7), **values | {"simulated": False}
    )

    page = client.get("/ativo/PETR4/").content.decode()
    block = page.split('id="proventos"')[1].split("</section>")[0]

    assert "Proventos e eventos" in block
    assert ">simulados<" in block
    assert 'JCP <span class="badge is-amber">anunciado</span>' in block
    assert "20/03/2026" in block
    assert "10/04/2026" in block
    assert "R$\N{NO-BREAK SPACE}0,33428617" in block
    assert "brapi.dev, Yahoo Finance" in block
    assert "alterado em 10/03/2026; antes: R$\N{NO-BREAK SPACE}0,33, sem data de pagamento" in block
    assert "Yahoo Finance: R$\N{NO-BREAK SPACE}0,30" in block
    assert "1,1 <small" in block
    assert "(sem confirmação)" in block
    assert "(data provável)" not in block
    assert "R$\N{NO-BREAK SPACE}7,00" not in block


def test_page_of_a_stock_without_events_has_no_block_of_them(client):
    StockFactory(symbol="PETR4")

    assert 'id="proventos"' not in client.get("/ativo/PETR4/").content.decode()
