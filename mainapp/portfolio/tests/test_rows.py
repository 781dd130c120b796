from decimal import Decimal

import pytest
from django.utils import timezone

from mainapp.market.tests.factories import StockFactory
from mainapp.portfolio.models import Carteira
from mainapp.portfolio.tests.saved import held

pytestmark = pytest.mark.django_db

D = Decimal
FIELDS = {"ativo": "petr4f", "quantidade": "1.234,5", "preco_medio": "R$ 30,12", "nota": "7"}
ROW_PAGES = ["/update-carteira/{}/", "/delete-carteira/{}/"]


@pytest.fixture
def petr4():
    return StockFactory(symbol="PETR4", name="Petrobras")


@pytest.fixture
def row(alice, petr4):
    return Carteira.objects.create(
        owner=alice, ativo=petr4, quantidade=D(100), preco_medio=D("30.125"), nota=5
    )


def text_of(answer):
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_created_row_is_confirmed_on_the_page(browser, alice, petr4):
    response = browser.post("/create-carteira/", FIELDS, follow=True)

    assert response.redirect_chain == [("/carteira", 302)]
    assert "PETR4 entrou na sua carteira." in text_of(response)
    assert held(alice) == {"PETR4": (D("1234.5"), D("30.12"), 7)}


def test_ticker_in_the_url_prefills_the_form(browser):
    page = text_of(browser.get('/create-carteira/?ativo=VALE3"><b>'))
    assert 'value="VALE3&quot;&gt;&lt;b&gt;"' in page


def test_typed_text_is_shown_with_its_error(browser, alice, petr4):
    response = browser.post("/create-carteira/", FIELDS | {"quantidade": "1..234"})

    page = text_of(response)
    assert response.status_code == 200
    assert "Não entendemos este número" in page
    for typed in ("1..234", "R$ 30,12", "petr4f"):
        assert f'value="{typed}"' in page
    assert held(alice) == {}


def test_stock_already_held_links_to_its_row(browser, alice, row):
    page = text_of(browser.post("/create-carteira/", FIELDS))

    assert "PETR4 já está na sua carteira." in page
    assert f'href="/update-carteira/{row.pk}/"' in page
    assert held(alice) == {"PETR4": (100, D("30.125"), 5)}


def test_update_form_round_trips_the_row_unchanged(browser, alice, row):
    page = text_of(browser.get(f"/update-carteira/{row.pk}/"))
    assert 'value="30,1250"' in page
    assert 'value="100"' in page

    fields = {"quantidade": "100", "preco_medio": "30,1250", "nota": "5", "ativo": "VALE3"}
    assert browser.post(f"/update-carteira/{row.pk}/", fields)["location"] == "/carteira"
    assert held(alice) == {"PETR4": (100, D("30.125"), 5)}


def test_purchases_and_sales_are_recorded(browser, alice, row):
    trade = f"/update-carteira/{row.pk}/operacao/"
    buy = {"op-operacao": "compra", "op-quantidade": "100", "op-preco": "40", "op-custos": "2,50"}
    assert browser.post(trade, buy)["location"] == "/carteira"
    assert held(alice) == {"PETR4": (200, D("35.075"), 5)}

    browser.post(trade, {"op-operacao": "venda", "op-quantidade": "200"})
    assert held(alice) == {"PETR4": (0, 0, 5)}


def test_sale_of_more_than_held_shows_an_error(browser, alice, row):
    fields = {"op-operacao": "venda", "op-quantidade": "100,5"}
    page = text_of(browser.post(f"/update-carteira/{row.pk}/operacao/", fields))

    assert "Você não tem tanto para vender." in page
    assert 'value="100,5"' in page
    assert held(alice) == {"PETR4": (100, D("30.125"), 5)}


def test_row_is_deleted_after_confirmation(browser, alice, row):
    assert "Remover PETR4 da carteira?" in text_of(browser.get(f"/delete-carteira/{row.pk}/"))
    assert held(alice) != {}

    assert browser.post(f"/delete-carteira/{row.pk}/")["location"] == "/carteira"
    assert held(alice) == {}


@pytest.mark.parametrize("path", ROW_PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_other_users_rows_and_missing_rows_give_the_same_404(
    client, bob, alice, row, path, method, time_machine
):
    time_machine.move_to(timezone.now(), tick=False)  # pages carry the server's time
    client.force_login(bob)
    answers = [
        getattr(client, method)(path.format(pk)) for pk in (row.pk, 999_999, "x", "9" * 40, "٣")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert held(alice) == {"PETR4": (100, D("30.125"), 5)}


def test_row_has_exactly_one_url(browser, row):
    assert browser.get(f"/update-carteira/0{row.pk}/").status_code == 404


def test_other_users_rows_accept_no_trade(client, bob, alice, row):
    client.force_login(bob)
    fields = {"op-operacao": "venda", "op-quantidade": "1"}

    assert client.post(f"/update-carteira/{row.pk}/operacao/", fields).status_code == 404
    assert held(alice) == {"PETR4": (100, D("30.125"), 5)}


@pytest.mark.parametrize(
    "path",
    ["/create-carteira/", "/import-carteira/", "/export-carteira/", *ROW_PAGES],
)
def test_anonymous_visitor_is_redirected_to_the_login(client, row, path):
    response = client.get(path.format(row.pk))
    assert response["location"].startswith("/login/?next=/")


def test_pages_use_a_fixed_number_of_queries(browser, alice, row, django_assert_num_queries):
    for more in range(30):
        Carteira.objects.create(
            owner=alice, ativo=StockFactory(), quantidade=D(1), preco_medio=D(1), nota=more % 10
        )
    with django_assert_num_queries(3):  # session, user, row
        browser.get(f"/update-carteira/{row.pk}/")
    with django_assert_num_queries(3):
        browser.get("/export-carteira/")
