import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from mainapp.market.models import LastQuote, Stock
from mainapp.market.tests.factories import NOON, LastQuoteFactory, MembershipFactory, StockFactory

pytestmark = pytest.mark.django_db


def quote(symbol, *, price, previous_close, volume=1_000, **extra):
    stock = StockFactory(symbol=symbol)
    if symbol != "IBOV" and not stock.memberships.exists():
        MembershipFactory(stock=stock)
    LastQuoteFactory(
        stock=stock,
        price=Decimal(price),
        previous_close=Decimal(previous_close),
        volume=volume,
        **extra,
    )


def lists(client):
    """Return the symbols of each list on the page."""
    html = client.get("/").content.decode()
    boards = re.split(r'data-board="', html.split("<template")[0])[1:]
    return {board.split('"')[0]: re.findall(r'data-symbol="(\w+)"', board) for board in boards}


@pytest.fixture
def market():
    quote("IBOV", price="142857.14", previous_close="140000.00")
    quote("PETR4", price="40.00", previous_close="38.00", volume=5_000)
    quote("VALE3", price="60.00", previous_close="61.00", volume=9_000)
    quote("ITUB4", price="30.00", previous_close="29.00", volume=1)
    StockFactory(symbol="HGLG11", kind=Stock.Kind.FII)
    LastQuoteFactory(stock=Stock.objects.get(symbol="HGLG11"), volume=10**9)


def test_lists_rank_the_stocks_of_the_index(client, market):
    assert lists(client) == {
        "traded": ["VALE3", "PETR4", "ITUB4"],
        "gainers": ["PETR4", "ITUB4"],
        "losers": ["VALE3"],
    }


def test_the_index_leads_the_page(client, market):
    html = client.get("/").content.decode()

    assert "142.857,14" in html
    assert "+2,04%" in html
    assert 'href="/graph?ticker=IBOV"' in html


def test_a_row_shows_price_change_and_turnover(client, market):
    html = client.get("/").content.decode()

    assert "R$\N{NO-BREAK SPACE}60,00" in html
    assert "\N{MINUS SIGN}1,64%" in html
    assert "R$&nbsp;540,0\N{NO-BREAK SPACE}mil" in html
    assert 'href="/graph?ticker=VALE3"' in html


def test_simulated_and_real_prices_are_not_mixed(client, market):
    LastQuote.objects.update(simulated=False)

    assert lists(client) == {"traded": [], "gainers": [], "losers": []}
    assert "142.857,14" not in client.get("/").content.decode()


def test_an_empty_market_shows_a_message(client):
    html = client.get("/").content.decode()

    assert html.count("Os primeiros preços ainda não chegaram.") == 3
    assert "Ainda não há preços gravados." in html


def test_an_empty_list_shows_its_reason(client):
    quote("PETR4", price="40.00", previous_close="38.00")

    html = client.get("/").content.decode()

    assert re.search(r"<p class=\"board-empty\"[^>]*>Nenhuma ação em baixa agora.</p>", html)


def test_the_page_shows_when_its_prices_were_recorded(client, market):
    assert "Página feita com preços até 10/03/2026, 12:00" in client.get("/").content.decode()


def test_the_page_links_to_picker_and_graph(client):
    html = client.get("/").content.decode()

    assert re.search(r'href="/stockpicker/IBOV">Acompanhar ações', html)
    assert re.search(r'href="/graph">Ver Ibovespa', html)


@pytest.mark.parametrize("rows", [3, 90])
def test_home_costs_one_query_at_any_size(client, django_assert_num_queries, rows):
    for _ in range(rows):
        stock = StockFactory()
        MembershipFactory(stock=stock)
        LastQuoteFactory(stock=stock)
    client.get("/privacy/")  # fills the caches of every page

    with django_assert_num_queries(1):
        client.get("/")


def test_every_price_has_its_quote_time(client):
    with time_machine.travel(NOON, tick=False):
        quote("IBOV", price="142857.14", previous_close="140000.00")
        quote("PETR4", price="40.00", previous_close="38.00", quoted_at=NOON - timedelta(days=1))
        quote("VALE3", price="60.00", previous_close="61.00", quoted_at_estimated=True)

        html = client.get("/").content.decode().split("<template")[0]

    assert re.findall(r'class="([^"]*)" data-time>([^<]+?)\s*<', html) == [
        ("muted num-left", "12:00:00"),
        ("muted estimated", "12:00:00"),
        ("muted", "09/03"),
        ("muted", "09/03"),
        ("muted estimated", "12:00:00"),
    ]
