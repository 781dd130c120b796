"""Doubtful prices on the pages, in the API and for alerts."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mainapp.alerts.tests.factories import fired, make_alert
from mainapp.market.models import Stock
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import (
    NOON,
    CorporateEventFactory,
    MembershipFactory,
    StockFactory,
)
from mainapp.market.tests.quotes import make_quote
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stock(db):
    StockFactory(symbol="PETR4", name="Petrobras PN")


def record(price, *, seconds=0, volume=None, **prices):
    at = NOON + timedelta(seconds=seconds)
    fields = {name: Decimal(value) for name, value in prices.items()}
    quote = make_quote(price=price, quoted_at=at, volume=volume, **fields)
    record_quotes(quotes=[quote], at=at)


@pytest.mark.parametrize(
    "path",
    [
        "/stocktracker?stockpicker=PETR4",
        "/graph?ticker=PETR4",
        "/carteira",
        "/alerts",
        "/",
    ],
)
def test_pages_show_the_last_price_and_the_doubt(client, alice, path):
    client.force_login(alice)
    stock = Stock.objects.get(symbol="PETR4")
    Carteira.objects.create(owner=alice, ativo=stock, preco_medio=60, quantidade=100, nota=5)
    make_alert(alice, venda="70.00")
    MembershipFactory(stock=stock)
    record("61.07", previous_close="61.00", volume=1000)
    note = '<small class="doubt-note" data-doubt title='
    assert note not in client.get(path, follow=True).content.decode()

    record("610.70", seconds=10)

    html = client.get(path, follow=True).content.decode()
    assert note in html
    assert "A fonte informou 610,70" in html
    assert "preço em dúvida" in html


def test_api_has_the_last_price_and_the_doubtful_one(client):
    record("61.07")
    record("610.70", seconds=10)

    quote = client.get("/api/v1/quotes/?symbols=PETR4").json()["quotes"]["PETR4"]

    assert (quote["price"], quote["doubtful_price"]) == ("61.07", "610.70")


def test_no_alert_fires_on_a_refused_or_doubtful_price(alice):
    record("61.07")
    alert = make_alert(alice, venda="70.00")

    record("610.70", seconds=10, low="60.50", high="61.68")
    record("610.70", seconds=20)
    record("610.70", seconds=25)
    assert fired(alert) == []

    record("61.10", seconds=30)
    record("70.10", seconds=40)
    assert fired(alert) == [("venda", "70.10")]


def test_alerts_of_a_stock_are_paused_by_a_split_that_a_known_event_explains(alice):
    tomorrow = NOON + timedelta(days=1)
    stock = Stock.objects.get(symbol="PETR4")
    CorporateEventFactory(stock=stock, kind="split", ratio=Decimal(2), ex_on=tomorrow.date())
    record("61.07", previous_close="61.00")
    alert = make_alert(alice, compra="50.00", duracao=30)

    record("30.50", seconds=86_400, previous_close="61.00")

    assert fired(alert) == []
    alert.refresh_from_db()
    assert (alert.status, alert.pause_reason) == ("paused", "split")
