from decimal import Decimal

import pytest

from mainapp.market.tests.factories import LastQuoteFactory, StockFactory
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.selectors import position_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def petr4():
    stock = StockFactory(symbol="PETR4")
    LastQuoteFactory(stock=stock, price=Decimal("38.42"))
    return stock


def hold(user, stock, average):
    return Carteira.objects.create(
        owner=user, ativo=stock, preco_medio=Decimal(average), quantidade=Decimal(300), nota=5
    )


def page(client):
    return client.get("/ativo/PETR4/").content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_paper_shows_its_readers_position_and_the_line_of_its_price(browser, alice, bob, petr4):
    hold(alice, petr4, "30.10")
    hold(bob, petr4, "99.00")

    html = page(browser)

    assert "R$ 11.526,00" in html
    assert "+R$ 2.496,00" in html
    assert 'data-line-price="30.10000000"' in html
    assert "99,00" not in html


def test_paper_that_is_not_held_has_no_position(browser, bob, petr4):
    hold(bob, petr4, "99.00")
    assert "data-chart-line" not in page(browser)


def test_visitors_have_no_position(client, petr4):
    assert "data-chart-line" not in page(client)


def test_position_without_a_quote_has_its_cost(alice, petr4, django_assert_num_queries):
    hold(alice, petr4, "30.10")
    with django_assert_num_queries(1):
        row = position_in(alice, petr4, None)
    assert row is not None
    assert (row.cost, row.total) == (Decimal("9030.00"), None)


def test_index_is_not_offered_for_the_carteira(browser):
    LastQuoteFactory(stock=StockFactory(symbol="IBOV", kind="INDEX"))
    assert "Adicionar à carteira" not in browser.get("/ativo/IBOV/").content.decode()


def test_action_of_a_held_paper_is_a_trade(browser, client, alice, petr4):
    assert "Adicionar à carteira" in page(client)
    assert "Adicionar à carteira" in page(browser)

    row = hold(alice, petr4, "30.10")

    assert "Adicionar à carteira" not in page(browser)
    assert page(browser).count(f'href="/update-carteira/{row.pk}/operacao/"') == 2
