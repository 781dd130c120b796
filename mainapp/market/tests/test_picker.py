import re
from datetime import date
from decimal import Decimal

import pytest

from mainapp.accounts.models import User
from mainapp.market.models import Stock
from mainapp.market.selectors.boards import PAGE_SIZE, listing
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import LastQuoteFactory, MembershipFactory, StockFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ibov():
    """Three stocks of the index, one fund outside it, and one retired stock."""
    names = {"PETR4": "Petrobras", "ITUB4": "Itaú Unibanco", "BBAS3": "Banco do Brasil"}
    sectors = {"PETR4": "Petróleo", "ITUB4": "Bancos", "BBAS3": "Bancos"}
    for symbol, name in names.items():
        stock = StockFactory(symbol=symbol, name=name, sector=sectors[symbol])
        MembershipFactory(stock=stock)
    StockFactory(symbol="HGLG11", name="Pátria Log", kind=Stock.Kind.FII)
    MembershipFactory(stock=StockFactory(symbol="NTCO3", is_active=False))


def shown(response):
    return re.findall(r'name="stockpicker" value="(\w+)"', response.content.decode())


@pytest.mark.parametrize(
    ("market", "symbols"),
    [
        ("IBOV", ["BBAS3", "ITUB4", "PETR4"]),
        ("FII", ["HGLG11"]),
        ("ETF", []),
        ("BDR", []),
        ("ALL", ["BBAS3", "HGLG11", "ITUB4", "PETR4"]),
    ],
)
def test_market_shows_its_active_stocks(client, ibov, market, symbols):
    response = client.get(f"/stockpicker/{market}")

    assert response.status_code == 200
    assert shown(response) == symbols


@pytest.mark.parametrize("market", ["ibov", "XXX", "IBOV%20", "é"])
def test_unknown_market_is_404(client, market):
    assert client.get(f"/stockpicker/{market}").status_code == 404


def test_control_characters_are_a_bad_request(client):
    assert client.get("/stockpicker/IBOV%00").status_code == 400
    assert client.get("/stockpicker/IBOV?q=%01").status_code == 400


@pytest.mark.parametrize(
    ("query", "symbols"),
    [
        ("?q=itau", ["ITUB4"]),
        ("?q=ITA%C3%9A", ["ITUB4"]),
        ("?q=brasil+banco", ["BBAS3"]),
        ("?q=bbas", ["BBAS3"]),
        ("?sector=Bancos", ["BBAS3", "ITUB4"]),
        ("?sector=Bancos&q=itau", ["ITUB4"]),
        ("?sector=Nenhum", []),
        ("?q=%25", []),
        ("?q=" + "x" * 61, ["BBAS3", "ITUB4", "PETR4"]),
        ("?page=nada", ["BBAS3", "ITUB4", "PETR4"]),
        ("?page=999999999999999999999", ["BBAS3", "ITUB4", "PETR4"]),
        ("?page=7", ["BBAS3", "ITUB4", "PETR4"]),
    ],
)
def test_filters_work_without_scripts(client, ibov, query, symbols):
    assert shown(client.get(f"/stockpicker/IBOV{query}")) == symbols


def test_search_does_not_change_the_sectors(client, ibov):
    assert listing(market="IBOV", words=["petr"]).sectors == ["Bancos", "Petróleo"]


def test_search_without_results_links_to_all_markets(client, ibov):
    html = client.get("/stockpicker/FII?q=petro&sector=x").content.decode()

    assert "Nada com este filtro" in html
    assert 'href="/stockpicker/ALL?q=petro"' in html


def test_empty_catalogue_shows_a_notice(client):
    assert "O catálogo ainda está vazio" in client.get("/stockpicker/ALL").content.decode()


def test_portfolio_date_is_shown_for_the_index_only(client, ibov):
    assert listing(market="IBOV").portfolio_on == date(2026, 1, 5)
    assert "carteira válida desde 05/01/2026" in client.get("/stockpicker/IBOV").content.decode()
    assert "carteira válida" not in client.get("/stockpicker/FII").content.decode()


def test_prices_are_simulated_in_the_simulated_market_only(client, ibov):
    petr, itub = Stock.objects.get(symbol="PETR4"), Stock.objects.get(symbol="ITUB4")
    LastQuoteFactory(stock=petr, price=Decimal("38.42"), previous_close=Decimal("40.00"))
    LastQuoteFactory(stock=petr, price=Decimal("99.99"), simulated=False)
    LastQuoteFactory(stock=itub, price=Decimal("77.77"), simulated=False)

    rows = {row.symbol: row for row in listing(market="IBOV").rows}
    html = client.get("/stockpicker/IBOV").content.decode()

    assert (rows["PETR4"].price, rows["PETR4"].change_pct) == (Decimal("38.42"), Decimal("-3.95"))
    assert (rows["ITUB4"].price, rows["ITUB4"].change_pct) == (None, None)
    assert "R$\N{NO-BREAK SPACE}38,42" in html
    assert "\N{MINUS SIGN}3,95%" in html


def test_limit_depends_on_the_login(client):
    alice = User.objects.create_user("alice")
    stock = StockFactory(symbol="PETR4")
    create_list(owner=alice, name="Um", symbols=["PETR4"])

    anonymous = client.get("/stockpicker/ALL").content.decode()
    client.force_login(alice)
    known = client.get("/stockpicker/ALL").content.decode()

    assert 'data-limit="30"' in anonymous
    assert "Entre para acompanhar até 200" in anonymous
    assert " checked" not in anonymous
    assert 'data-limit="200" data-edit-url="/watchlists/current/"' in known
    assert f'value="{stock.symbol}" checked' in known


def test_form_submits_to_the_tracker(client, ibov):
    html = client.get("/stockpicker/IBOV").content.decode()

    assert '<form method="get" action="/stocktracker"' in html


@pytest.mark.parametrize("count", [3, 1000])
def test_market_needs_the_same_queries_at_any_size(client, django_assert_num_queries, count):
    Stock.objects.bulk_create(StockFactory.build_batch(count))
    client.get("/privacy/")  # fills the caches of every page

    with django_assert_num_queries(2):
        client.get("/stockpicker/ALL")


def test_large_market_has_pages(client):
    Stock.objects.bulk_create(StockFactory.build_batch(PAGE_SIZE + 1))

    first, second = (client.get(f"/stockpicker/ALL?page={page}") for page in (1, 2))

    assert (len(shown(first)), len(shown(second))) == (PAGE_SIZE, 1)
    assert "página 1 de 2" in first.content.decode()
    assert 'data-is-whole="false"' in first.content.decode()
