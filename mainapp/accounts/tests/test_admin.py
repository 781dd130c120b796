"""Access to the admin, and its changes to users."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.contrib.admin import ModelAdmin
from django.db import connection
from django.test import Client
from django.urls import reverse

from mainapp.accounts.models import User

pytestmark = pytest.mark.django_db
Access = User.Access
INDEX = "/admin/"


def make(name, level, **fields):
    return User.objects.create_user(name, access_level=level, **fields)


@pytest.fixture
def as_(client):
    """Return a function that logs the client in as a user."""

    def log_in(user):
        client.force_login(user)
        return client

    return log_in


def change(client, user, **fields):
    url = reverse("admin:accounts_user_change", args=[user.pk])
    form = client.get(url).context["adminform"].form.initial
    unchanged = {name: form[name] or "" for name in ("username", "email", "display_name", "bio")}
    data = unchanged | {"access_level": user.access_level, "is_active": "on"} | fields
    return client.post(url, data)


@pytest.mark.parametrize("address", [INDEX, "/admin/accounts/user/", "/admin/market/stock/"])
def test_admin_level_has_access(as_, address):
    assert as_(make("ana", Access.ADMIN)).get(address).status_code == 200


def test_superuser_created_on_the_command_line_is_an_admin(as_):
    root = User.objects.create_superuser("root")

    assert root.access_level == Access.ADMIN
    assert as_(root).get(INDEX).status_code == 200


@pytest.mark.parametrize("level", [Access.USER, Access.SUPPORT])
@pytest.mark.parametrize("address", [INDEX, "/admin/accounts/user/", "/admin/login/"])
def test_lower_levels_have_no_access(as_, level, address):
    client = as_(make("ana", level, is_staff=True))

    assert client.get(address, follow=True).status_code == 403


@pytest.mark.parametrize("address", [INDEX, "/admin/login/?next=/admin/"])
def test_anonymous_user_is_redirected_to_the_sites_log_in(client, address):
    assert client.get(address, follow=True).redirect_chain[-1] == ("/login/?next=/admin/", 302)


def test_admins_own_log_in_accepts_no_password(client):
    User.objects.create_superuser("root", password="correct horse")
    response = client.post("/admin/login/", {"username": "root", "password": "correct horse"})

    assert (response.status_code, response.url) == (302, "/login/?next=/admin/")
    assert "_auth_user_id" not in client.session


def test_admin_can_raise_an_access_level(as_, bob):
    assert change(as_(make("ana", Access.ADMIN)), bob, access_level="support").status_code == 302

    bob.refresh_from_db()
    assert bob.access_level == Access.SUPPORT


def test_support_cannot_raise_their_own_level(as_):
    ana = make("ana", Access.SUPPORT)
    url = reverse("admin:accounts_user_change", args=[ana.pk])

    as_(ana).post(url, {"username": "ana", "access_level": "admin", "is_active": "on"})

    ana.refresh_from_db()
    assert ana.access_level == Access.SUPPORT


def test_lowering_a_superuser_removes_the_flag(as_):
    root = User.objects.create_superuser("root")

    change(as_(make("ana", Access.ADMIN)), root, access_level="user")

    root.refresh_from_db()
    assert (root.access_level, root.is_superuser) == (Access.USER, False)


def test_user_is_added_with_a_password(as_):
    data = {"username": "eva", "password1": "correct horse", "password2": "correct horse"}
    response = as_(make("ana", Access.ADMIN)).post(reverse("admin:accounts_user_add"), data)

    assert response.status_code == 302
    assert User.objects.get(username="eva").access_level == Access.USER


def new_user(username):
    passwords = dict.fromkeys(("password1", "password2"), "correct horse")
    return {"username": username, "usable_password": "true"} | passwords


SAVED_TWICE = {
    "same name": ("accounts_user_add", [new_user("zoe"), new_user("ZOE")]),
    "look-alike": ("accounts_user_add", [new_user("zoel"), new_user("zoeI")]),
    "symbol": (
        "market_stock_add",
        [
            {"symbol": "TEST3", "name": name, "kind": "ON", "lot": 100}
            | {"market": "B3", "price_places": 2, "currency": "BRL"}
            for name in ("A", "B")
        ],
    ),
    "index list": (
        "market_indexlist_add",
        [
            {
                "market": "IBOV", "as_of": "2026-01-05", "strength": strength,
                "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0,
            }
            for strength in ("official", "several")
        ],
    ),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", SAVED_TWICE)
def test_of_two_parallel_saves_of_one_value_one_shows_an_error(case, monkeypatch):
    name, bodies = SAVED_TWICE[case]
    both_valid = Barrier(2)
    save_form = ModelAdmin.save_form

    def save_together(self, *args, **options):
        with suppress(BrokenBarrierError):  # SQLite has one writer, who validates alone
            both_valid.wait(0.3)
        return save_form(self, *args, **options)

    monkeypatch.setattr(ModelAdmin, "save_form", save_together)
    root = User.objects.create_superuser("root")
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(root)

    def save(client, body):
        try:
            response = client.post(reverse(f"admin:{name}"), body)
            is_shown = response.status_code == 200 and bool(response.context["errors"])
            return "error" if is_shown else response.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(save, clients, bodies))

    assert sorted(map(str, results)) == ["302", "error"]
