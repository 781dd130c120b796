"""Calls of clients that were written for other services, with only the host changed."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.alerts.tests.factories import make_alert
from mainapp.api.middleware import canonical_path
from mainapp.api.views import accounts as account_views
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.tests.factories import notice

PASSWORD = "correto cavalo 9"


@pytest.fixture(autouse=True)
def _stocks(db):
    StockFactory(symbol="PETR4")
    StockFactory(symbol="VALE3")


@pytest.fixture
def carla(db):
    return User.objects.create_user("carla", "carla@example.org", PASSWORD)


class OldClient:
    """A program with a base address, which sends JSON and its token as `scheme`."""

    def __init__(self, base="/api", scheme="Bearer"):
        self.base, self.scheme, self.token = base, scheme, ""
        self.http = Client(enforce_csrf_checks=True)

    def __call__(self, method, path, data=None):
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"{self.scheme} {self.token}"
        body = "" if data is None else json.dumps(data)
        return self.http.generic(
            method, self.base + path, body, content_type="application/json", headers=headers
        )

    def log_in(self, path="/token"):
        response = self("POST", path, {"username": "carla", "password": PASSWORD})
        assert response.status_code == 200, response.json()
        self.token = response.json()["access"]
        return response.json()


@pytest.fixture
def old(carla):
    """Return a client of the service with addresses without a final slash, logged in."""
    client = OldClient()
    client.log_in()
    return client


@pytest.fixture
def accounts(carla):
    """Return a client of the service with `/api/accounts/`, logged in, with another scheme."""
    client = OldClient(scheme="Token")
    client.log_in("/accounts/login/")
    return client


def test_every_operation_has_the_address_without_version_and_without_slash():
    operations = [
        str(pattern.pattern)
        for resolver in get_resolver().url_patterns
        for pattern in getattr(resolver, "url_patterns", ())
        if str(pattern.pattern).startswith("api/v1/")
    ]

    assert len(operations) > 25
    for route in operations:
        path = f"/{route}"
        rest = path.removeprefix("/api/v1/")
        for address in (path, path[:-1], f"/api/{rest}", f"/api/{rest}".removesuffix("/")):
            assert canonical_path(address) == path


@pytest.mark.parametrize("path", ["/api/", "/api", "/api/v1", "/api/schema", "/api/docs"])
def test_address_without_its_slash_is_answered(client, path):
    assert client.get(path).status_code == 200


def test_address_that_is_no_operation_is_missing(client):
    for path in ("/api/x", "/api/v1/v1/quotes/", "/api//quotes/", "/apix", "/api/quotes//"):
        assert (path, client.get(path).status_code) == (path, 404)
    assert client.get("/api/x").json()["code"] == "not_found"


@pytest.mark.parametrize(
    "names", [{"username": "dora"}, {"name": "Dora Lima"}, {"username": "dora", "name": "Dora"}, {}]
)
@pytest.mark.parametrize(
    "passwords", [{"password": PASSWORD}, {"password1": PASSWORD, "password2": PASSWORD}]
)
def test_register(names, passwords):
    old = OldClient()
    response = old("POST", "/register", {"email": "dora@example.org"} | names | passwords)

    assert response.status_code == 201, response.json()
    username = response.json()["username"]
    made = "dora.lima" if "name" in names else "pessoa"
    assert username == names.get("username", made)
    user = User.objects.get(username=username)
    assert user.check_password(PASSWORD)
    assert user.display_name == response.json()["display_name"] == names.get("name", "")


@pytest.mark.parametrize("name", ["Carla", "\u0421\u0443san", "x" * 61])
def test_name_that_may_not_be_shown_is_not_shown(carla, name):
    fields = {"email": "dora@example.org", "name": name, "password": PASSWORD}
    response = OldClient()("POST", "/register", fields)

    assert (response.status_code, response.json()["display_name"]) == (201, "")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"password1": PASSWORD}, {"password2"}),
        ({"username": "dora"}, {"password"}),
        ({"username": "dora", "password1": PASSWORD, "password2": "x"}, {"password2"}),
        ({"username": "dora", "password": PASSWORD, "password1": "x"}, {"password2"}),
        ({"name": "", "password": PASSWORD}, {"name"}),
    ],
)
def test_incomplete_registration_is_refused_by_field(fields, wrong):
    response = OldClient()("POST", "/register", {"email": "dora@example.org"} | fields)

    assert (response.status_code, set(response.json()["fields"])) == (400, wrong)


@pytest.mark.parametrize(
    ("name", "username"),
    [
        ("João da Silva", "joao.da.silva"),
        ("Carla", "carla2"),
        ("李小龍", "pessoa"),
        ("  O'Neill--Souza ", "o.neill.souza"),
    ],
)
def test_username_is_made_from_the_name(carla, name, username):
    fields = {"email": "dora@example.org", "name": name, "password": PASSWORD}
    response = OldClient()("POST", "/accounts/register/", fields)

    assert response.json()["username"] == username, response.json()


def test_reserved_name_gives_no_reserved_username():
    fields = {"email": "dora@example.org", "name": "Admin", "password": PASSWORD}

    assert OldClient()("POST", "/register", fields).json()["fields"].keys() == {"name"}


def test_made_username_that_was_taken_meanwhile_is_made_again(carla, monkeypatch):
    new_user = account_views._new_user

    def new_user_slowly(*arguments):
        User.objects.create_user("carla2")
        return new_user(*arguments)

    monkeypatch.setattr(account_views, "_new_user", new_user_slowly)
    fields = {"email": "dora@example.org", "name": "Carla", "password": PASSWORD}

    response = OldClient()("POST", "/register", fields)

    assert (response.status_code, response.json()["username"]) == (201, "carla3")


def test_token_is_got_and_refreshed(carla):
    old = OldClient()
    pair = old.log_in()
    fresh = old("POST", "/token/refresh", {"refresh": pair["refresh"]})

    assert fresh.status_code == 200
    assert old("GET", "/user").json()["username"] == "carla"
    old.token = fresh.json()["access"]
    assert old("GET", "/user").json()["email"] == "carla@example.org"


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "token", "BEARER"])
def test_token_is_accepted_with_either_scheme(carla, scheme):
    old = OldClient(scheme=scheme)
    old.log_in()

    assert old("GET", "/user").status_code == 200


def test_accounts_register_login_refresh_and_logout(carla):
    old = OldClient(scheme="Token")
    fields = {
        "username": "dora",
        "email": "dora@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert old("POST", "/accounts/register/", fields).status_code == 201
    pair = old.log_in("/accounts/login/")
    pair = old("POST", "/accounts/refresh/", {"refresh": pair["refresh"]}).json()
    old.token = pair["access"]

    assert old("POST", "/accounts/logout/", {"refresh": pair["refresh"]}).status_code == 204
    assert old("GET", "/alerts/").status_code == 401


@pytest.mark.parametrize("name", ["symbol", "stock", "stock_symbol", "item", "ativo"])
def test_alert_is_created_with_any_name_of_the_stock_and_gives_it_back(old, name):
    fields = {
        name: "PETR4",
        "alert_type": "threshold",
        "comparison": "gt",
        "threshold_price": "40.00",
        "duration_minutes": None,
    }
    response = old("POST", "/alerts/create", fields)

    assert response.status_code == 201, response.json()
    assert response.json() | fields == response.json()
    assert response.json()["is_active"] is True


def test_two_different_stocks_in_one_alert_are_refused(old):
    fields = {"symbol": "PETR4", "item": "VALE3", "target_price": "40"}

    assert old("POST", "/alerts/create", fields).json()["fields"].keys() == {"item"}


def test_alert_is_deleted_at_either_address(old, carla):
    first, second = (make_alert(carla, venda=limit) for limit in ("40.00", "41.00"))

    assert old("DELETE", f"/alerts/delete/{first.pk}").status_code == 204
    assert old("DELETE", f"/alerts/{second.pk}").status_code == 204
    assert Alert.objects.count() == 0


def test_alerts_are_listed_changed_and_deleted(accounts):
    made = accounts("POST", "/alerts/", {"stock_symbol": "PETR4", "target_price": "40"}).json()
    path = f"/alerts/{made['id']}/"
    whole = {"stock": "VALE3", "comparison": "lt", "threshold_price": "30"}

    assert accounts("GET", "/alerts/").json()["count"] == 1
    assert accounts("GET", path).json() == made
    assert accounts("PUT", path, whole).json()["compra"] == "30.00"
    assert accounts("PATCH", path, {"threshold_price": "31"}).json()["compra"] == "31.00"
    assert accounts("DELETE", "/alerts/delete_all/").json() == {"count": 1}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"threshold_price": "45.00"}, {"venda": "45.00"}),
        ({"target_price": "45.00"}, {"venda": "45.00", "threshold_price": "45.00"}),
        ({"venda": "45.00"}, {"threshold_price": "45.00"}),
        ({"comparison": "lt"}, {"compra": "40.00", "venda": None}),
        ({"item": "VALE3"}, {"ativo": "VALE3"}),
        ({"duration_minutes": None, "alert_type": "threshold"}, {"hold_minutes": 0}),
        ({"duration_minutes": 45}, {"hold_minutes": 45}),
        ({"note": "nova"}, {"note": "nova", "venda": "40.00", "hold_minutes": 30}),
        ({"is_active": False}, {"state": "paused"}),
    ],
)
def test_whole_alert_is_sent_back_with_one_change(old, method, change, expected):
    fields = {"symbol": "PETR4", "comparison": "gt", "threshold_price": "40", "note": "oi"}
    hold = {"alert_type": "duration", "duration_minutes": 30}
    alert = old("POST", "/alerts/create", fields | hold).json()

    response = old(method, f"/alerts/{alert['id']}", alert | change)

    assert response.status_code == 200, response.json()
    unchanged = {"note": "oi", "created_at": alert["created_at"]}
    assert response.json() | unchanged | change | expected == response.json()


@pytest.mark.parametrize("field", ["state", "id", "created_at", "status"])
def test_field_that_cannot_be_changed_is_refused_by_name(old, field):
    alert = old("POST", "/alerts/create", {"symbol": "PETR4", "target_price": "40"}).json()
    response = old("PATCH", f"/alerts/{alert['id']}", {field: "x"})

    assert response.json()["fields"] == {field: ["Este campo não pode ser mudado."]}


def test_alert_is_paused_and_resumed_by_is_active(old, carla):
    pk = make_alert(carla, venda="40.00", at=timezone.now()).pk

    for is_active, state in ((False, "paused"), (False, "paused"), (True, "active")):
        data = old("PATCH", f"/alerts/{pk}", {"is_active": is_active}).json()
        assert (data["is_active"], data["state"]) == (is_active, state)
    assert Alert.objects.get().conditions.get().is_live


def test_alert_is_created_paused(old):
    fields = {"symbol": "PETR4", "target_price": "40", "is_active": False}
    data = old("POST", "/alerts/create", fields).json()

    assert (data["is_active"], data["state"]) == (False, "paused")
    assert not Alert.objects.get().conditions.get().is_live


@pytest.mark.parametrize("spent", ["triggered", "expired"])
def test_is_active_starts_a_spent_alert_again(old, carla, spent):
    alert = make_alert(carla, venda="40.00", at=timezone.now())
    if spent == "triggered":
        Alert.objects.update(status="triggered")
    else:
        Alert.objects.update(expires_at=timezone.now() - timedelta(days=1))
    path = f"/alerts/{alert.pk}"

    assert old("GET", path).json()["is_active"] is False
    assert old("PATCH", path, {"is_active": False}).json()["state"] == spent
    data = old("PATCH", path, {"is_active": True}).json()
    assert (data["is_active"], data["state"], data["status"]) == (True, "active", "created")
    assert data["expires_at"] > timezone.now().isoformat()


def test_is_active_does_not_resume_an_alert_that_a_split_paused(old, carla):
    alert = make_alert(carla, venda="40.00", at=timezone.now())
    Alert.objects.update(status="paused", pause_reason="split")

    response = old("PATCH", f"/alerts/{alert.pk}", {"is_active": True, "venda": "50"})

    assert (response.status_code, response.json()["code"]) == (409, "paused_by_event")
    alert.refresh_from_db()
    assert (alert.status, str(alert.venda)) == ("paused", "40.00")
    assert old("PATCH", f"/alerts/{alert.pk}", {"is_active": False}).status_code == 200


@pytest.mark.parametrize("value", ["talvez", 7, None])
def test_is_active_takes_a_boolean(old, carla, value):
    pk = make_alert(carla, venda="40.00", at=timezone.now()).pk
    response = old("PATCH", f"/alerts/{pk}", {"is_active": value})

    assert response.json()["fields"].keys() == {"is_active"}


def test_notifications_have_the_names_of_the_old_service(accounts, carla):
    own, platform = notice(carla), notice(None)
    rows = accounts("GET", "/v1/notifications/").json()["results"]

    assert [(row["id"], row["obj_code"], row["obj_id"], row["read"]) for row in rows] == [
        (platform.pk, "platform", None, False),
        (own.pk, "user", carla.pk, False),
    ]
    for query, pk in (("obj_code=platform", platform.pk), (f"obj_id={carla.pk}", own.pk)):
        rows = accounts("GET", f"/v1/notifications/?{query}").json()["results"]
        assert [row["id"] for row in rows] == [pk]


@pytest.mark.parametrize("body", [None, {}, {"read": True}, {"is_read": True}, "whole"])
def test_notification_is_marked_as_read(accounts, carla, body):
    path = f"/v1/notifications/{notice(carla).pk}/"
    if body == "whole":
        body = accounts("GET", path).json() | {"read": True, "is_read": True}

    response = accounts("PATCH", f"{path}mark-as-read/", body)

    assert response.status_code == 200, response.json()
    assert accounts("GET", path).json()["read"] is True
    assert accounts("GET", "/v1/notifications/?read=false").json()["count"] == 0


def test_notification_cannot_be_made_unread(accounts, carla):
    path = f"/v1/notifications/{notice(carla).pk}/mark-as-read/"

    assert accounts("PATCH", path, {"read": False}).json()["fields"].keys() == {"read"}
