"""Alerts in both forms."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, Firing
from mainapp.alerts.tests.factories import make_alert, record
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Channel

ALERTS = "/api/v1/alerts/"


@pytest.fixture(autouse=True)
def _stocks(db):
    StockFactory(symbol="PETR4")
    StockFactory(symbol="VALE3")


@pytest.fixture
def api(alice, client):
    client.force_login(alice)
    return client


def send(client, method, path, data=None):
    return getattr(client, method)(ALERTS + path, data or {}, content_type="application/json")


def make(client, path="", **fields):
    response = send(client, "post", path, {"ativo": "PETR4"} | fields)
    assert response.status_code == 201, response.json()
    return response.json()


@pytest.mark.parametrize("path", ["", "create/"])
def test_alert_is_created_and_returned_in_both_forms(api, path):
    data = make(api, path, compra="36.00", periodo=5, note="oi")

    assert data == api.get(f"{ALERTS}{data['id']}/").json()
    expected = {
        "ativo": "PETR4",
        "compra": "36.00",
        "venda": None,
        "periodo": 5,
        "duracao": 15,
        "rearm_pct": "0.50",
        "state": "active",
        "symbol": "PETR4",
        "stock": "PETR4",
        "alert_type": "threshold",
        "comparison": "lt",
        "threshold_price": "36.00",
        "duration_minutes": None,
        "status": "created",
    }
    assert data | expected == data
    assert data["expires_at"].endswith("Z")


@pytest.mark.parametrize(
    ("second", "native"),
    [
        ({"comparison": "gt", "threshold_price": "40"}, {"venda": "40.00", "compra": None}),
        ({"comparison": "lt", "threshold_price": 30}, {"venda": None, "compra": "30.00"}),
        ({"target_price": "41.5"}, {"venda": "41.50", "compra": None}),
        (
            {
                "alert_type": "duration",
                "comparison": "gt",
                "threshold_price": "40",
                "duration_minutes": 30,
            },
            {"venda": "40.00", "hold_minutes": 30, "alert_type": "duration"},
        ),
        (
            {"alert_type": "threshold", "comparison": "gt", "threshold_price": "40"},
            {"hold_minutes": 0, "alert_type": "threshold"},
        ),
    ],
)
@pytest.mark.parametrize("name", ["symbol", "stock"])
def test_second_form_is_accepted(api, second, native, name):
    response = send(api, "post", "create/", {name: "petr4"} | second)

    assert response.status_code == 201, response.json()
    assert response.json() | native | {"ativo": "PETR4"} == response.json()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, set()),
        ({"ativo": "XXXX3", "venda": "1"}, {"ativo"}),
        ({"ativo": None, "venda": "1"}, {"ativo"}),
        ({"venda": "0"}, {"venda"}),
        ({"venda": "10000001"}, {"venda"}),
        ({"venda": "1.001"}, {"venda"}),
        ({"venda": "NaN"}, {"venda"}),
        ({"compra": "40", "venda": "40"}, {"venda"}),
        ({"venda": "40", "duracao": 0}, {"duracao"}),
        ({"venda": "40", "duracao": 366}, {"duracao"}),
        ({"venda": "40", "periodo": 3}, {"periodo"}),
        ({"venda": "40", "hold_minutes": 1441}, {"hold_minutes"}),
        ({"venda": "40", "email": "x"}, {"email"}),
        ({"change_down_pct": "100.01"}, {"change_down_pct"}),
        ({"threshold_price": "40"}, {"comparison"}),
        (
            {"alert_type": "duration", "comparison": "gt", "threshold_price": "40"},
            {"duration_minutes"},
        ),
    ],
)
def test_invalid_alert_is_refused_by_field(api, fields, wrong):
    response = send(api, "post", "", {"ativo": "PETR4"} | fields)

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert set(response.json()["fields"]) == wrong
    assert Alert.objects.count() == 0


def test_retired_stock_is_refused_for_a_new_alert(api):
    StockFactory(symbol="ELET3", is_active=False)

    assert send(api, "post", "", {"ativo": "ELET3", "venda": "40"}).status_code == 400


def test_another_address_needs_confirmation(api):
    data = make(api, venda="40", email="outro@example.org")

    assert data["email"] == "outro@example.org"
    assert Channel.objects.get(address="outro@example.org").verified_at is None


def test_patch_changes_given_fields_and_put_all_fields(api):
    alert = make(api, venda="40.00", note="oi", duracao=30)
    path = f"{alert['id']}/"

    patched = send(api, "patch", path, {"compra": "30"}).json()
    assert patched | {"compra": "30.00", "venda": "40.00", "note": "oi"} == patched
    put = send(api, "put", path, {"ativo": "VALE3", "venda": "50"}).json()
    assert put | {"ativo": "VALE3", "compra": None, "note": "", "duracao": 15} == put
    assert send(api, "put", path, {"venda": "50"}).status_code == 400


def test_patch_in_the_second_form_moves_the_limit(api):
    alert = make(api, venda="40.00")
    path = f"{alert['id']}/"

    assert send(api, "patch", path, {"threshold_price": "42"}).json()["venda"] == "42.00"
    turned = send(api, "patch", path, {"comparison": "lt"}).json()
    assert (turned["compra"], turned["venda"]) == ("42.00", None)


def test_alert_is_paused_and_resumed(api):
    pk = make(api, venda="40")["id"]

    assert send(api, "post", f"{pk}/pause/").json()["state"] == "paused"
    assert send(api, "post", f"{pk}/resume/").json()["state"] == "active"


@pytest.mark.parametrize("path", ["{}/", "delete/{}/"])
def test_alert_is_deleted(api, path):
    pk = make(api, venda="40")["id"]

    assert send(api, "delete", path.format(pk)).status_code == 204
    assert send(api, "delete", path.format(pk)).status_code == 404


@pytest.mark.parametrize("method", ["delete", "post"])
def test_all_of_the_users_alerts_are_deleted(api, bob, method):
    make_alert(bob, venda="40.00")
    make(api, venda="40")
    make(api, venda="41")

    assert send(api, method, "delete_all/").json() == {"count": 2}
    assert [alert.owner for alert in Alert.objects.all()] == [bob]


def test_another_users_alert_is_404_like_a_missing_one(api, bob):
    pk = make_alert(bob, venda="40.00").pk
    operations = [
        ("get", "{}/"),
        ("put", "{}/"),
        ("patch", "{}/"),
        ("delete", "{}/"),
        ("delete", "delete/{}/"),
        ("get", "{}/firings/"),
        ("post", "{}/pause/"),
        ("post", "{}/resume/"),
    ]
    for method, path in operations:
        foreign = send(api, method, path.format(pk))
        missing = send(api, method, path.format(999_999))
        assert (method, path, foreign.status_code) == (method, path, 404)
        assert foreign.json() == missing.json()
    assert Alert.objects.get().status == "active"


def test_firings_are_listed(api, alice):
    now = timezone.now()
    alert = make_alert(alice, venda="40.00", recurrence="every", at=now)
    record("39.00", start=now, minutes=-1)
    record("40.00", start=now)
    assert Firing.objects.count() == 1
    data = api.get(f"{ALERTS}{alert.pk}/firings/").json()

    assert data["count"] == 1
    assert data["results"][0]["kind"] == "venda"
    assert data["results"][0]["price"] == "40.00"
    assert data["results"][0]["quoted_at"].endswith("Z")


def test_alerts_are_filtered_and_ordered(api, alice):
    make(api, ativo="VALE3", venda="60")
    paused = make(api, venda="40")
    send(api, "post", f"{paused['id']}/pause/")
    old = timezone.now() - timedelta(days=40)
    make_alert(alice, venda="41.00", at=old)

    def listed(**query):
        rows = api.get(ALERTS, query).json()["results"]
        return [(row["ativo"], row["state"]) for row in rows]

    assert listed() == [("PETR4", "paused"), ("PETR4", "expired"), ("VALE3", "active")]
    assert listed(ordering="-symbol")[0] == ("VALE3", "active")
    assert listed(ordering="created_at")[0] == ("PETR4", "expired")
    assert listed(symbol="VALE3") == [("VALE3", "active")]
    assert listed(state="expired") == [("PETR4", "expired")]


@pytest.mark.parametrize("rows", [3, 30])
def test_alerts_cost_the_same_queries_at_any_number(api, alice, django_assert_num_queries, rows):
    for _ in range(rows):
        make_alert(alice, venda="40.00")
    with django_assert_num_queries(4):  # session, user, count, rows
        assert len(api.get(ALERTS).json()["results"]) == rows


@pytest.mark.django_db(transaction=True)
def test_quota_of_alerts_is_exact_under_concurrent_requests(settings, monkeypatch):
    limit = 8
    monkeypatch.setattr("mainapp.alerts.services.alerts.ALERT_LIMIT", limit)
    settings.API_REQUESTS_A_MINUTE_USER = settings.API_REQUESTS_A_MINUTE_ADDRESS = 10_000
    alice = User.objects.create_user("alice")
    StockFactory(symbol="PETR4")
    for _ in range(limit - 5):
        make_alert(alice, venda="40.00")
    codes, start = [], Barrier(20)

    def create():
        client = Client()
        client.force_login(alice)
        connection.close()  # waiting with it would empty the pool
        start.wait(30)
        codes.append(send(client, "post", "", {"ativo": "PETR4", "venda": "40"}).status_code)
        connection.close()

    threads = [Thread(target=create) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201] * 5 + [403] * 15
    assert Alert.objects.count() == limit
