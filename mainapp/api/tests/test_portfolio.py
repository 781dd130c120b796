"""The carteira."""

from decimal import Decimal

import pytest

from mainapp.market.tests.factories import LastQuoteFactory, StockFactory
from mainapp.portfolio.models import Carteira

CARTEIRA = "/api/v1/carteira/"
ROW = {"ativo": "PETR4", "preco_medio": "30.00", "quantidade": "100", "nota": 5}


@pytest.fixture
def api(alice, client):
    StockFactory(symbol="IBOV", kind="INDEX")
    LastQuoteFactory(stock=StockFactory(symbol="PETR4"))
    client.force_login(alice)
    return client


def send(client, method, path="", data=None):
    return getattr(client, method)(CARTEIRA + path, data or {}, content_type="application/json")


def test_holding_is_added_and_valued(api):
    created = send(api, "post", data=ROW)

    assert created.status_code == 201
    data = api.get(CARTEIRA).json()
    assert data["results"] == [created.json()]
    row = data["results"][0]
    assert row | {"cost": "3000.00", "total": "3842.00", "result_pct": "28.07"} == row
    assert row["preco_medio"] == "30.00000000"
    assert data["totals"] | {"patrimony": "3842.00", "day_change": "21.00"} == data["totals"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ativo": "IBOV"},
        {"ativo": "XXXX3"},
        {"quantidade": "0"},
        {"quantidade": "-1"},
        {"preco_medio": "1e30"},
        {"nota": 11},
    ],
)
def test_invalid_holding_is_refused_by_field(api, wrong):
    response = send(api, "post", data=ROW | wrong)

    assert response.status_code == 400
    assert response.json()["fields"].keys() == wrong.keys()


def test_stock_cannot_be_added_twice(api):
    send(api, "post", data=ROW)

    assert send(api, "post", data=ROW).json()["code"] == "invalid"
    assert Carteira.objects.count() == 1


def test_holding_is_changed_and_deleted(api):
    path = f"{send(api, 'post', data=ROW).json()['id']}/"

    assert send(api, "patch", path, {"quantidade": "0"}).json()["preco_medio"] == "0.00000000"
    assert send(api, "delete", path).status_code == 204
    assert send(api, "get", path).status_code == 404


def test_another_users_holding_is_404(api, bob):
    row = Carteira.objects.create(
        owner=bob,
        ativo=StockFactory(symbol="VALE3"),
        preco_medio=Decimal(1),
        quantidade=Decimal(1),
        nota=0,
    )
    for method in ("get", "patch", "delete"):
        assert send(api, method, f"{row.pk}/").status_code == 404
    assert api.get(CARTEIRA).json()["count"] == 0


@pytest.mark.parametrize("rows", [3, 30])
def test_carteira_costs_the_same_queries_at_any_size(api, alice, django_assert_num_queries, rows):
    for _ in range(rows):
        stock = LastQuoteFactory().stock
        Carteira.objects.create(
            owner=alice, ativo=stock, preco_medio=Decimal(1), quantidade=Decimal(1), nota=1
        )
    with django_assert_num_queries(4):  # session, user, rows, quotes
        assert api.get(CARTEIRA).json()["count"] == rows
