import re
from datetime import date
from decimal import Decimal

import pytest
import time_machine

from mainapp.accounts.models import User
from mainapp.market.models import Membership, Stock
from mainapp.market.selectors import listing as module
from mainapp.market.selectors.indices import period_end
from mainapp.market.selectors.listing import PAGE_SIZE, Filters
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import (
    IndexListFactory,
    LastQuoteFactory,
    MembershipFactory,
    StockFactory,
)

pytestmark = pytest.mark.django_db

NOVEMBER = date(2026, 11, 29)


def listing(*, market, on=NOVEMBER, **filters):
    return module.listing(market=market, filters=Filters(**filters), on=on)


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


def test_search_does_not_change_the_kinds_and_sectors(ibov):
    shown_listing = listing(market="ALL", words=("petr",))

    assert shown_listing.kinds == {"ON": 1, "PN": 2, "FII": 1}
    assert shown_listing.sectors == {"Bancos": 2, "Petróleo": 1, "": 1}


def test_kind_narrows_the_stocks_and_the_sectors(client, ibov):
    shown_listing = listing(market="ALL", kind="PN")

    assert [row.symbol for row in shown_listing.rows] == ["ITUB4", "PETR4"]
    assert shown_listing.sectors == {"Bancos": 1, "Petróleo": 1}
    assert shown(client.get("/stockpicker/ALL?kind=FII")) == ["HGLG11"]
    assert '<option value="FII" selected>FII (1)</option>' in (
        client.get("/stockpicker/ALL?kind=FII").content.decode()
    )


def test_former_code_finds_its_successor_and_is_explained(client, ibov):
    new = Stock.objects.get(symbol="BBAS3")
    StockFactory(symbol="ZZZZ3", name="Banco Velho", is_active=False, renamed_to=new)

    page = client.get("/stockpicker/ALL?q=zzzz3")

    assert shown(page) == ["BBAS3"]
    assert "ZZZZ3 virou BBAS3." in page.content.decode()


def test_unknown_name_and_sector_are_shown_as_such(client):
    StockFactory(symbol="ABCD3", name="ABCD3")

    html = client.get("/stockpicker/ALL").content.decode()

    assert "nome desconhecido" in html
    assert ">setor desconhecido<" in html


def test_commonest_stocks_come_first(client):
    StockFactory(symbol="AAAA3")
    StockFactory(symbol="ZZZZ3", rank=0)

    assert shown(client.get("/stockpicker/ALL")) == ["ZZZZ3", "AAAA3"]


def test_index_is_ordered_by_weight_and_shows_it(client):
    for symbol, weight in (("AAAA3", "1.5"), ("BBBB3", "8.421"), ("CCCC3", None)):
        MembershipFactory(
            stock=StockFactory(symbol=symbol), weight_pct=Decimal(weight) if weight else None
        )

    page = client.get("/stockpicker/IBOV")

    assert shown(page) == ["BBBB3", "AAAA3", "CCCC3"]
    assert "8,421% do índice" in page.content.decode()
    assert page.content.decode().count("% do índice") == 2


@pytest.fixture
def lists():
    """Three lists of the index: with weights, without, and one of the future."""
    days = (date(2026, 7, 21), date(2026, 9, 8), date(2027, 1, 4))
    for day, symbol in zip(days, ("JULY3", "SEPT3", "JANU3"), strict=True):
        weight = Decimal(1) if day.month == 7 else None
        member = MembershipFactory(stock=StockFactory(symbol=symbol), as_of=day, weight_pct=weight)
        if day.month == 7:
            member.index_list.valid_to = date(2026, 9, 4)
            member.index_list.save()


@pytest.mark.parametrize(
    ("day", "symbols"),
    [
        ("2026-07-20", []),
        ("2026-07-21", ["JULY3"]),
        ("2026-09-07", ["JULY3"]),
        ("2026-09-08", ["SEPT3"]),
        ("2026-12-31", ["SEPT3"]),
        ("2027-01-04", ["JANU3"]),
    ],
)
def test_index_shows_the_list_of_the_day(lists, day, symbols):
    rows = listing(market="IBOV", on=date.fromisoformat(day)).rows

    assert [row.symbol for row in rows] == symbols


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2026-09-04", "Válida até 04/09/2026."),
        ("2026-09-05", "<strong>Carteira de 21/07/2026, vencida em 04/09/2026.</strong>"),
        ("2026-11-29", "Válida até o fim do quadrimestre, previsto para 31/12/2026."),
        ("2026-11-29", ", em ordem de peso (pesos de 21/07/2026)."),
    ],
)
def test_date_and_validity_of_the_list_are_shown(client, lists, day, text):
    with time_machine.travel(f"{day}T15:00:00Z", tick=False):
        assert text in client.get("/stockpicker/IBOV").content.decode()


def test_earlier_list_can_be_shown(client, lists):
    with time_machine.travel("2026-11-29T15:00:00Z", tick=False):
        page = client.get("/stockpicker/IBOV?as_of=2026-07-21")
        newest = client.get("/stockpicker/IBOV?as_of=2026-01-01")

    assert (shown(page), shown(newest)) == (["JULY3"], ["SEPT3"])
    assert "Carteira de 21/07/2026, vencida em 04/09/2026." in page.content.decode()
    assert 'href="?as_of=2026-07-21"' in newest.content.decode()


def test_stock_of_a_list_that_no_longer_trades_is_counted_but_not_offered(client, ibov):
    page = client.get("/stockpicker/IBOV")

    assert "NTCO3" not in shown(page)
    assert "1 ativo da carteira não é mais negociado." in page.content.decode()


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-01-05", "2026-04-30"),
        ("2026-04-30", "2026-04-30"),
        ("2026-05-01", "2026-08-31"),
        ("2026-09-08", "2026-12-31"),
        ("2026-12-31", "2026-12-31"),
    ],
)
def test_periods_of_the_exchange_end_in_april_august_and_december(day, end):
    assert period_end(date.fromisoformat(day)) == date.fromisoformat(end)


def test_search_without_results_links_to_all_markets(client, ibov):
    html = client.get("/stockpicker/FII?q=petro&sector=x").content.decode()

    assert "Nada com este filtro" in html
    assert 'href="/stockpicker/ALL?q=petro"' in html


def test_empty_catalogue_shows_a_notice(client):
    assert "O catálogo ainda está vazio" in client.get("/stockpicker/ALL").content.decode()


def test_prices_are_simulated_in_the_simulated_market_only(client, ibov):
    petr, itub = Stock.objects.get(symbol="PETR4"), Stock.objects.get(symbol="ITUB4")
    LastQuoteFactory(stock=petr, price=Decimal("38.42"), previous_close=Decimal("40.00"))
    LastQuoteFactory(stock=petr, price=Decimal("99.99"), kind="real")
    LastQuoteFactory(stock=itub, price=Decimal("77.77"), kind="real")

    rows = {row.symbol: row for row in listing(market="IBOV").rows}
    html = client.get("/stockpicker/IBOV").content.decode()

    assert (rows["PETR4"].price, rows["PETR4"].change_pct) == (Decimal("38.42"), Decimal("-3.95"))
    assert (rows["ITUB4"].price, rows["ITUB4"].change_pct) == (None, None)
    assert "R$\N{NO-BREAK SPACE}38,42" in html
    assert "\N{MINUS SIGN}3,95%" in html


def test_limit_depends_on_the_login(client):
    alice = User.objects.create_user("alice")
    stock = StockFactory(symbol="PETR4")
    own = create_list(owner=alice, name="Um", symbols=["PETR4"])

    anonymous = client.get("/stockpicker/ALL").content.decode()
    client.force_login(alice)
    known = client.get("/stockpicker/ALL").content.decode()

    assert 'data-limit="30"' in anonymous
    assert "Entre para acompanhar até 200" in anonymous
    assert " checked" not in anonymous
    assert 'data-limit="200"' in known
    assert f'data-edit-url="/watchlists/{own.pk}/symbols/"' in known
    assert f'value="{stock.symbol}" checked' in known


def test_form_submits_to_the_tracker(client, ibov):
    html = client.get("/stockpicker/IBOV").content.decode()

    assert '<form method="get" action="/stocktracker"' in html


@pytest.mark.parametrize("count", [3, 300])
def test_market_needs_the_same_queries_at_any_size(client, django_assert_num_queries, count):
    stocks = Stock.objects.bulk_create(StockFactory.build_batch(count))
    members = [
        MembershipFactory.build(stock=stock, index_list=IndexListFactory()) for stock in stocks
    ]
    Membership.objects.bulk_create(members)
    client.get("/privacy/")  # fills the caches of every page

    for path, queries in (("ALL", 2), ("ALL?q=x&kind=ON", 2), ("ALL?q=ABCD3", 3), ("IBOV", 3)):
        with django_assert_num_queries(queries):
            client.get(f"/stockpicker/{path}")


def test_large_market_has_pages(client):
    Stock.objects.bulk_create(StockFactory.build_batch(PAGE_SIZE + 1))

    first, second = (client.get(f"/stockpicker/ALL?page={page}") for page in (1, 2))

    assert (len(shown(first)), len(shown(second))) == (PAGE_SIZE, 1)
    assert "página 1 de 2" in first.content.decode()
    assert 'href="?page=2"' in first.content.decode()


@pytest.mark.parametrize("text", ["brpetracnpr6", "33000167000101"])
def test_picker_finds_stocks_by_isin_and_cnpj(text):
    StockFactory(symbol="VALE3", isin="BRVALEACNOR0", cnpj="33.592.510/0001-54")
    StockFactory(symbol="PETR4", isin="BRPETRACNPR6", cnpj="33.000.167/0001-01")

    assert [row.symbol for row in listing(market="ALL", words=(text,)).rows] == ["PETR4"]


def test_stocks_can_be_chosen_for_another_list(client):
    alice = User.objects.create_user("alice")
    StockFactory(symbol="PETR4")
    create_list(owner=alice, name="Um", symbols=["PETR4"])
    other = create_list(owner=alice, name="Dois")
    client.force_login(alice)

    page = client.get(f"/stockpicker/ALL?list={other.pk}&q=petr")

    html = page.content.decode()
    assert page.context["chosen"] == []
    assert f'data-edit-url="/watchlists/{other.pk}/symbols/"' in html
    assert f'<a href="/stockpicker/FII?list={other.pk}"' in html


@pytest.mark.parametrize("key", ["", "x", "0", "99999"])
def test_list_of_another_user_is_replaced_by_the_readers_own(client, key):
    alice, bob = User.objects.create_user("alice"), User.objects.create_user("bob")
    own = create_list(owner=alice, name="Um")
    foreign = create_list(owner=bob, name="Um")
    client.force_login(alice)

    page = client.get(f"/stockpicker/ALL?list={key or foreign.pk}")

    assert page.context["filled_list"].pk == own.pk
