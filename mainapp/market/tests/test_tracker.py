import csv
import io
from decimal import Decimal

import pytest

from mainapp.accounts.models import User
from mainapp.core.table_view import TableView
from mainapp.market.forms import PRESETS, TRACKER_TABLE
from mainapp.market.policies import SYMBOL_LIMIT_ANONYMOUS
from mainapp.market.services.watchlists import create_list
from mainapp.market.tests.factories import LastQuoteFactory, StockFactory
from mainapp.market.views.tracker import WELL_KNOWN

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
    assert "Não conhecemos: <bdi>XXXX3, &lt;b&gt;</bdi>." in page.content.decode()


def test_a_link_fills_no_page_with_its_own_words(client):
    texts = [f"FONE {number:04}" for number in range(300)]
    page = client.get("/stocktracker", {"stockpicker": texts})
    assert page.context["unknown"] == texts[:10]


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
    assert page.context["shown_list"].name == "Minha"
    assert client.get("/stocktracker?stockpicker=PETR4").context["shown_list"] is None


def test_empty_tracker_links_to_the_picker(client):
    page = client.get("/stocktracker").content.decode()
    assert 'data-state="empty"' in page
    assert "/stockpicker/IBOV" in page
    assert "Ver os 10 mais conhecidos" in page


def test_simulated_quote_is_not_shown_in_the_real_market(client, settings):
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    settings.QUOTE_KIND = "real"
    page = client.get("/stocktracker?stockpicker=PETR4")
    assert page.context["rows"][0].quote is None


@pytest.mark.parametrize("count", [1, 3])
def test_tracker_needs_three_queries_for_any_content(client, count, django_assert_num_queries):
    stocks = StockFactory.create_batch(count)
    for stock in stocks:
        LastQuoteFactory(stock=stock)
    with django_assert_num_queries(3):  # stocks, quotes, sparklines
        client.get("/stocktracker", {"stockpicker": [stock.symbol for stock in stocks]})


@pytest.mark.parametrize("count", [1, 3])
def test_tracker_of_a_users_list_needs_six_queries(client, alice, count, django_assert_num_queries):
    stocks = [LastQuoteFactory().stock for _ in range(count)]
    create_list(owner=alice, name="Minha", symbols=[stock.symbol for stock in stocks])
    client.force_login(alice)
    with django_assert_num_queries(6):  # session, user, lists, stocks, quotes, sparklines
        client.get("/stocktracker")


# Lists, the table's choices, the export --------------------------------------------------------


def test_a_list_is_chosen_by_its_key(client, alice):
    for symbol in ("PETR4", "VALE3"):
        StockFactory(symbol=symbol)
    create_list(owner=alice, name="Um", symbols=["PETR4"])
    second = create_list(owner=alice, name="Dois", symbols=["VALE3"])
    client.force_login(alice)
    page = client.get(f"/stocktracker?list={second.pk}")
    assert symbols(page) == ["VALE3"]
    assert page.context["shown_list"] == second
    assert [shown.name for shown in page.context["lists"]] == ["Um", "Dois"]


@pytest.mark.parametrize("key", ["0", "99999", "x", "-1"])
def test_missing_list_is_not_found(client, alice, key):
    create_list(owner=alice, name="Um")
    client.force_login(alice)
    assert client.get(f"/stocktracker?list={key}").status_code == 404


def test_list_of_another_user_is_not_found(client, alice):
    bob = User.objects.create_user("bob")
    foreign = create_list(owner=bob, name="Um")
    client.force_login(alice)
    for path in ("/stocktracker", "/stocktracker/export"):
        assert client.get(f"{path}?list={foreign.pk}").status_code == 404


def test_anonymous_users_log_in_to_see_a_list(client):
    response = client.get("/stocktracker?list=7")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/stocktracker%3Flist%3D7"


def test_stocks_of_an_old_link_are_the_current_list_if_they_are_the_same(client, alice):
    for symbol in ("PETR4", "VALE3"):
        StockFactory(symbol=symbol)
    own = create_list(owner=alice, name="Um", symbols=["PETR4", "VALE3"])
    client.force_login(alice)
    page = client.get("/stocktracker?stockpicker=PETR4&stockpicker=VALE3")
    assert page.context["shown_list"] == own


def new_view(**choices):
    return TableView(table=TRACKER_TABLE, columns=TRACKER_TABLE.shown_first, **choices)


def test_choices_for_the_table_are_stored_in_a_cookie(client):
    chosen = {"columns": ["open", "age"], "density": "compact", "sort": "-price"}
    response = client.post("/stocktracker/view?list=7", chosen)
    assert response["Location"] == "/stocktracker?list=7"

    view = client.get("/stocktracker").context["view"]

    assert (view.columns, view.density, view.sort) == (("open", "age"), "compact", "-price")
    assert view.preset == ""


@pytest.mark.parametrize(
    "choice", [{"columns": ["spam"]}, {"density": "spam"}, {"sort": "-spam"}, {"preset": "spam"}]
)
def test_unknown_choices_are_ignored(client, choice):
    response = client.post("/stocktracker/view", choice)
    assert response["Location"] == "/stocktracker"
    assert not response.cookies


@pytest.mark.parametrize("text", ["", "spam", "columns=spam", '"', "sort=-spam"])
def test_invalid_cookie_is_ignored(client, text):
    client.cookies["tracker"] = text
    assert client.get("/stocktracker").context["view"] == new_view()


def test_preset_overrides_the_columns_and_is_recognised(client):
    client.post("/stocktracker/view", {"preset": "fundamentals", "columns": ["open"]})
    view = client.get("/stocktracker").context["view"]
    assert view.columns == PRESETS["fundamentals"][1]
    assert view.preset == "fundamentals"


def test_clicks_on_a_column_cycle_through_its_orders():
    orders = [new_view(sort=sort).next_sort("price") for sort in ("", "-price", "price")]
    assert orders == ["-price", "price", ""]
    assert new_view(sort="price").next_sort("symbol") == "symbol"


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["VALE3", "PETR4", "NOVO3"]),
        ("symbol", ["NOVO3", "PETR4", "VALE3"]),
        ("price", ["PETR4", "VALE3", "NOVO3"]),
        ("-price", ["VALE3", "PETR4", "NOVO3"]),
        ("-turnover", ["PETR4", "VALE3", "NOVO3"]),
        ("-day", ["VALE3", "PETR4", "NOVO3"]),
    ],
)
def test_rows_are_sorted_by_the_chosen_column(client, sort, order):
    LastQuoteFactory(
        stock=StockFactory(symbol="PETR4"), price=Decimal(10), volume=100, low=5, high=20
    )
    LastQuoteFactory(
        stock=StockFactory(symbol="VALE3"), price=Decimal(20), volume=10, low=5, high=21
    )
    StockFactory(symbol="NOVO3")
    client.post("/stocktracker/view", {"sort": sort})
    page = client.get("/stocktracker", {"stockpicker": ["VALE3", "PETR4", "NOVO3"]})
    assert symbols(page) == order
    assert page.context["symbols"] == ["VALE3", "PETR4", "NOVO3"]


def exported(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))


def test_export_has_the_date_time_and_source_of_each_price(client):
    LastQuoteFactory(stock=StockFactory(symbol="PETR4", name="=Petrobras"), previous_close=40)
    StockFactory(symbol="NOVO3", name="Nova")

    response = client.get("/stocktracker/export?stockpicker=PETR4&stockpicker=NOVO3")

    titles, petrobras, nova = exported(response)
    cells = dict(zip(titles, petrobras, strict=True))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert cells["Nome"] == "'=Petrobras"
    assert (cells["Preço"], cells["Variação em R$"]) == ("38,42", "-1,58")
    assert (cells["Data do preço"], cells["Hora do preço (São Paulo)"]) == (
        "2026-03-10",
        "12:00:00",
    )
    assert cells["Fonte"] == "simulador"
    assert nova == ["NOVO3", "Nova"]


def test_short_list_gets_suggestions(client):
    for symbol in (*WELL_KNOWN, "AXIA3"):
        StockFactory(symbol=symbol)

    def suggested(*symbols):
        return client.get("/stocktracker", {"stockpicker": symbols}).context["suggested"]

    assert suggested("AXIA3", "VALE3") == ["PETR4", "ITUB4", "BTCBRL", "BBDC4"]
    assert suggested(*WELL_KNOWN[:6]) == []
    assert suggested() == []
