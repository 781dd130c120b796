from decimal import Decimal

import pytest

from mainapp.market.tests.factories import LastQuoteFactory, StockFactory
from mainapp.portfolio.models import Carteira

pytestmark = pytest.mark.django_db


def hold(owner, symbol, quantity="100", average="30", nota=5, **quote):
    stock = StockFactory(symbol=symbol)
    if quote:
        LastQuoteFactory(stock=stock, **quote)
    return Carteira.objects.create(
        owner=owner,
        ativo=stock,
        quantidade=Decimal(quantity),
        preco_medio=Decimal(average),
        nota=nota,
    )


def read(page):
    return page.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_stranger_is_sent_to_the_login_and_back(client):
    answer = client.get("/carteira")
    assert answer.status_code == 302
    assert answer["location"] == "/login/?next=/carteira"


def test_an_empty_portfolio_explains_itself(client, alice):
    client.force_login(alice)
    assert "Sua carteira está vazia" in read(client.get("/carteira"))
