"""Prices that are read from columns, which have no zeros at their end, with the stock's places."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mainapp.alerts.services.alerts import create_alert
from mainapp.alerts.tests.factories import fired
from mainapp.ideas.services.announcing import _sentences
from mainapp.ideas.tests.factories import idea_of
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import CandleFactory, StockFactory
from mainapp.market.tests.quotes import make_quote
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
PRICE, SHOWN = Decimal("0.00005200"), "0,00005200"


@pytest.fixture
def shib(time_machine):
    time_machine.move_to(NOON)
    stock = StockFactory(symbol="SHIBBRL", price_places=8)
    quote = make_quote("SHIBBRL", "0.000052", quoted_at=NOON, previous_close=Decimal("0.00005"))
    record_quotes(quotes=[quote], at=NOON)
    return stock


@pytest.fixture
def idea(shib, alice):
    prices = {"target": PRICE * 2, "stop": PRICE / 2, "price_at": PRICE}
    idea = idea_of(alice, stock=shib, at=NOON, **prices)
    idea.save()
    return idea


@pytest.mark.parametrize(
    "path",
    [
        "/stockpicker/CRIPTO",
        "/stocks/search/?q=shib",
        "/buscar/?q=shib",
        "/ativo/SHIBBRL/",
        "/stocktracker?stockpicker=SHIBBRL",
        "/carteira",
        "/alerts/",
    ],
)
def test_pages_keep_the_zeros(client, alice, shib, path):
    client.force_login(alice)
    Carteira.objects.create(
        owner=alice, ativo=shib, preco_medio=PRICE, quantidade=Decimal("0.00000001"), nota=5
    )
    alert = create_alert(
        owner=alice,
        fields={"ativo": shib, "compra": PRICE, "fires_if_beyond": True, "recurrence": "every"},
        quote_kind="simulated",
        at=NOON,
    )
    fired(alert)
    CandleFactory(stock=shib, interval="1d", close=PRICE, starts_at=NOON)

    page = client.get(path, follow=True).content.decode()

    assert SHOWN in page
    if path != "/carteira":  # an average price is no price of the market: it has its own places
        assert "0,000052<" not in page.replace("<dd>0,000052<", "")


def test_idea_keeps_the_zeros_in_pages_frames_and_messages(client, alice, idea):
    client.force_login(alice)
    page = client.get(idea.get_absolute_url()).content.decode()
    assert SHOWN in page
    assert "0,000104<" not in page
    assert "0,00010400" in client.get("/ideias/", follow=True).content.decode()

    data = client.get(f"/api/v1/ideas/{idea.pk}/").json()
    assert (data["target"], data["price_at"]["price"]) == ("0.00010400", "0.00005200")
    assert SHOWN in _sentences(idea)[1]


def test_average_price_of_a_fraction_of_a_cent_is_not_zero_on_the_papers_page(client, alice, shib):
    client.force_login(alice)
    Carteira.objects.create(owner=alice, ativo=shib, preco_medio=PRICE, quantidade=1000, nota=5)

    assert "<dd>0,000052</dd>" in client.get("/ativo/SHIBBRL/").content.decode()
