"""The table of who may use which operation, tried on all of them."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.tests.factories import make_alert
from mainapp.api import urls
from mainapp.core.policies import EVERYONE, OWNER, operation_policies
from mainapp.forum.models import Room
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.tests.factories import notice
from mainapp.portfolio.models import Carteira

OPERATIONS = operation_policies()
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def objects(alice):
    """Return what stands in the addresses of alice's things, by the first part of the name."""
    now, stock = timezone.now(), StockFactory(symbol="PETR4")
    holding = Carteira.objects.create(
        owner=alice, ativo=stock, preco_medio=Decimal(1), quantidade=Decimal(1), nota=1
    )
    room = Room.objects.create(name="Sala", host=alice, created_at=now, active_at=now)
    alert = make_alert(alice, venda="40.00")
    return {
        "stock": {"symbol": "PETR4"},
        "candles": {"symbol": "PETR4"},
        "alert": {"pk": alert.pk},
        "firings": {"pk": alert.pk},
        "holding": {"pk": holding.pk},
        "messages": {"pk": room.pk},
        "notification": {"pk": notice(alice).pk},
    }


def address(name, objects):
    pattern = next(str(path.pattern) for path in urls.urlpatterns if path.name == name)
    last = name.rpartition("-")[2]
    return reverse(name, kwargs=objects[last] if "<" in pattern else {})


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("who", ["anonymous", "deactivated", "bob", "support", "admin"])
def test_operation_lets_in_who_may(name, who, objects, client):
    if who != "anonymous":
        level = who if who in ("support", "admin") else "user"
        user = User.objects.create_user(who, access_level=level)
        client.force_login(user)
        User.objects.filter(username="deactivated").update(is_active=False)
    path = address(name, objects)
    for method, may in OPERATIONS[name].items():
        answer = getattr(client, method)(path, {}, content_type="application/json")
        assert (method, refusal(answer)) == (method, expected(may, who))


def refusal(answer):
    """Return the status that tells somebody that they may not, None for any other."""
    is_refused = answer.status_code in (401, 403, 404)
    if answer.status_code == 401 and answer.json()["code"] != "login_required":
        is_refused = False
    return answer.status_code if is_refused else None


def expected(may, who):
    if may == EVERYONE:
        return None
    if who in ("anonymous", "deactivated"):
        return 401
    return 404 if may == OWNER else None


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_refuses_other_methods(name, objects, alice, client):
    client.force_login(alice)
    for method in set(METHODS) - set(OPERATIONS[name]):
        answer = getattr(client, method)(address(name, objects), content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
