import pytest

from mainapp.accounts.models import User
from mainapp.market.policies import SYMBOL_LIMIT_ANONYMOUS
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.com", "um-segredo-longo")


def symbols(page):
    return [row.symbol for row in page.context["rows"]]


def test_rows_contain_the_last_price_without_scripts(client):
    LastQuoteFactory(stock=StockFactory(symbol="PETR4", name="Petrobras"))
    page = client.get("/stocktracker?stockpicker=PETR4")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Petrobras" in text
    assert "38,42" in text
    assert "+0,21" in text
    assert "+0,55%" in text


def test_stocks_are_shown_once_in_the_requested_order(client):
    for symbol in ("PETR4", "VALE3", "AXIA3"):
        StockFactory(symbol=symbol)
    StockFactory(symbol="ELET3", renamed_to=StockFactory(symbol="AXIA3"))
    page = client.get(
        "/stocktracker?stockpicker=vale3&stockpicker=PETR4F&stockpicker=ELET3&stockpicker=PETR4"
    )
    assert symbols(page) == ["VALE3", "PETR4", "AXIA3"]


def test_unknown_symbols_are_shown_and_escaped(client):
    StockFactory(symbol="PETR4")
    page = client.get("/stocktracker", {"stockpicker": ["XXXX3", "<b>", "PETR4"]})
    assert symbols(page) == ["PETR4"]
    assert page.context["unknown"] == ["XXXX3", "<b>"]
    assert "Não conhecemos: XXXX3, &lt;b&gt;." in page.content.decode()


def test_row_of_a_stock_that_ended_is_shown_but_not_followed(client):
    LastQuoteFactory(stock=StockFactory(symbol="CIEL3", is_active=False))

    page = client.get("/stocktracker", {"stockpicker": ["CIEL3"]})

    assert symbols(page) == ["CIEL3"]
    html = page.content.decode()
    assert '<tr role="row" data-symbol="CIEL3" data-former>' in html
    assert "38,42" in html
    assert "CIEL3 deixou de ser negociado." in html


def test_control_characters_are_a_bad_request(client):
    assert client.get("/stocktracker?stockpicker=PE%00TR4").status_code == 400


def test_anonymous_users_can_follow_thirty_and_are_invited_to_log_in(client):
    stocks = StockFactory.create_batch(SYMBOL_LIMIT_ANONYMOUS + 1)
    page = client.get("/stocktracker", {"stockpicker": [stock.symbol for stock in stocks]})
    assert len(symbols(page)) == SYMBOL_LIMIT_ANONYMOUS
    assert "O limite é de 30 ativos" in page.content.decode()
    page = client.get("/stocktracker", {"stockpicker": [stock.symbol for stock in stocks[:30]]})
    assert "O limite é de 30 ativos" not in page.content.decode()


def test_current_list_is_shown_without_symbols(client, alice):
    for symbol in ("PETR4", "VALE3"):
        StockFactory(symbol=symbol)
    create_list(owner=alice, name="Minha", symbols=["VALE3", "PETR4"])
    client.force_login(alice)
    page = client.get("/stocktracker")
    assert symbols(page) == ["VALE3", "PETR4"]
    assert page.context["is_own"]
    assert not client.get("/stocktracker?stockpicker=PETR4").context["is_own"]


def test_empty_tracker_links_to_the_picker(client):
    page = client.get("/stocktracker").content.decode()
    assert 'data-state="empty"' in page
    assert "/stockpicker/IBOV" in page
    assert "Ver os 10 mais conhecidos" in page


def test_simulated_quote_is_not_shown_in_the_real_market(client, settings):
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    settings.SIMULATED = False
    page = client.get("/stocktracker?stockpicker=PETR4")
    assert page.context["rows"][0].quote is None


@pytest.mark.parametrize("count", [1, 3])
def test_tracker_needs_two_queries_for_any_content(client, count, django_assert_num_queries):
    stocks = StockFactory.create_batch(count)
    for stock in stocks:
        LastQuoteFactory(stock=stock)
    with django_assert_num_queries(2):
        client.get("/stocktracker", {"stockpicker": [stock.symbol for stock in stocks]})


@pytest.mark.parametrize("count", [1, 3])
def test_tracker_of_a_users_list_needs_five_queries(
    client, alice, count, django_assert_num_queries
):
    stocks = StockFactory.create_batch(count)
    create_list(owner=alice, name="Minha", symbols=[stock.symbol for stock in stocks])
    client.force_login(alice)
    with django_assert_num_queries(5):  # session, user, list, stocks, quotes
        client.get("/stocktracker")
