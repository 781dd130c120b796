"""One rule for names on pages, in the API, in the admin and in management commands."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Barrier

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from mainapp.accounts.models import NameSkeleton, NameTaken, User
from mainapp.accounts.services.preferences import save_profile
from mainapp.accounts.tests.people import PASSWORD
from mainapp.core.exceptions import DomainError

# Names that the rule refuses while there is a user `alice` with the display name `Ana Lima`.
USERNAMES = ["ALICE", "AIice", "a1ice", "Adm1n", "suporte.pregao", "bia\u202e", "b\u0131a", "a b"]
DISPLAYED = [
    *("alice", "AIice", "\u0430lice", "ana lima", "Ana L\u0456ma", "Ana\u200b Lima"),
    *("Bia\nLeite", "Bia\u2028Leite", "Bia\u202eLeite", "Bia\u2066", "Bia\x07", "\u3164\u3164"),
    *("Adm1n", "Suporte Preg\u00e3o", "Usu\u00e1rio removido"),
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(alice):
    save_profile(user=alice, display_name="Ana Lima", bio="")
    return alice


@pytest.fixture
def bia(alice):
    return User.objects.create_user("bia", "bia@example.com", PASSWORD)


@pytest.fixture
def admin(db):
    user = User.objects.create_superuser("chefe", "chefe@example.com", PASSWORD)
    client = Client()
    client.force_login(user)
    return client


def by_page(client, user, name):
    client.force_login(user)
    client.post("/update-profile/", {"display_name": name, "bio": ""})


def by_api(client, user, name):
    client.force_login(user)
    body = json.dumps({"display_name": name})
    client.patch("/api/v1/accounts/user/", body, content_type="application/json")


def by_admin(client, user, name):
    chief = User.objects.filter(username="chefe").first() or User.objects.create_superuser("chefe")
    client.force_login(chief)
    fields = {"username": user.username, "email": user.email, "access_level": "user"}
    client.post(
        f"/admin/accounts/user/{user.pk}/change/",
        fields | {"display_name": name, "is_active": "on"},
    )


@pytest.mark.parametrize("change", [by_page, by_api, by_admin])
def test_display_names_have_one_rule_everywhere(client, bia, change):
    for name in DISPLAYED:
        change(client, bia, name)
        bia.refresh_from_db()
        assert bia.display_name == "", name
    change(client, bia, "Bia Leite")
    bia.refresh_from_db()
    assert bia.display_name == "Bia Leite"


@pytest.mark.parametrize("name", USERNAMES)
def test_usernames_have_one_rule_everywhere(client, alice, admin, name):
    before = set(User.objects.values_list("username", flat=True))
    account = {"username": name, "email": "x@example.com"}
    passwords = {"password1": PASSWORD, "password2": PASSWORD}

    client.post("/register/", account | passwords)
    body = json.dumps(account | {"password": PASSWORD})
    client.post("/api/v1/accounts/register/", body, content_type="application/json")
    admin.post("/admin/accounts/user/add/", {"username": name} | passwords)
    if name not in ("Adm1n", "suporte.pregao"):  # of the staff
        with pytest.raises(CommandError):
            call_command("createsuperuser", username=name, email="", interactive=False)
    with pytest.raises(ValidationError):
        User.objects.create_user(name)

    assert set(User.objects.values_list("username", flat=True)) == before


def test_a_good_username_is_accepted_everywhere(client, alice, admin):
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    client.post("/register/", {"username": "um", "email": "um@example.com"} | passwords)
    body = json.dumps({"username": "dois", "email": "2@example.com", "password": PASSWORD})
    client.post("/api/v1/accounts/register/", body, content_type="application/json")
    admin.post("/admin/accounts/user/add/", {"username": "tres"} | passwords)
    call_command("createsuperuser", username="admin", email="", interactive=False)

    names = User.objects.values_list("username", flat=True)
    assert {"um", "dois", "tres", "admin"} <= set(names)


def test_existing_names_stay_and_can_be_saved_with_other_changes(client, bia):
    User.objects.filter(pk=bia.pk).update(username="a1ice", display_name="Ana\u202e Lima")
    bia.refresh_from_db()

    save_profile(user=bia, display_name=bia.display_name, bio="Oi")
    by_admin(client, bia, bia.display_name)
    bia.full_clean()
    bia.save()

    bia.refresh_from_db()
    assert (bia.username, bia.display_name, bia.bio) == ("a1ice", "Ana\u202e Lima", "Oi")


def test_a_name_is_free_again_once_it_was_changed(alice, bia):
    save_profile(user=alice, display_name="Outra", bio="")
    save_profile(user=bia, display_name="Ana Lima", bio="")

    assert bia.display_name == "Ana Lima"
    alice.delete()
    assert set(NameSkeleton.objects.values_list("user", flat=True)) == {bia.pk}


def test_staff_may_have_a_name_of_the_staff_but_not_anothers(alice):
    chief = User.objects.create_superuser("pregao")
    save_profile(user=chief, display_name="Suporte", bio="")

    assert chief.name == "Suporte"
    with pytest.raises(ValidationError):
        User.objects.check_display_name("AIice", chief)


def test_the_migration_records_existing_names_that_clash(alice, bia):
    User.objects.filter(pk=bia.pk).update(username="a1ice", display_name="Ana Lima")
    NameSkeleton.objects.all().delete()

    import_module("mainapp.accounts.migrations.0007_nameskeleton").record_names(apps, None)

    assert set(NameSkeleton.objects.values_list("user", flat=True)) == {alice.pk, bia.pk}
    with pytest.raises(ValidationError):
        User.objects.create_user("ALICE")
    save_profile(user=bia, display_name="Ana Lima", bio="Oi")  # the clash stays


def test_a_log_in_records_no_names(client, alice, queries):
    client.force_login(alice)

    assert [sql for sql in queries if "nameskeleton" in sql] == []


def test_a_lookalike_that_was_taken_after_the_check_is_refused(alice, bia):
    alice.display_name = "Zoe"
    alice.save()
    bia.display_name = "ZOE"
    with pytest.raises(NameTaken):
        bia.save()

    bia.refresh_from_db()
    assert bia.display_name == ""


@pytest.mark.django_db(transaction=True)
def test_of_two_parallel_lookalikes_one_is_taken(alice, bia):
    both_checked = Barrier(2)

    def rename(user, name):
        try:
            User.objects.check_display_name(name, user)
            both_checked.wait(5)
            save_profile(user=user, display_name=name, bio="")
        except DomainError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(rename, (alice, bia), ("Zoe", "ZOE")))

    assert sorted(taken) == [False, True]


def test_users_created_in_bulk_keep_their_names(alice):
    User.objects.bulk_create([User(username="carla"), User(username="dora")])

    with pytest.raises(DomainError):
        save_profile(user=alice, display_name="Carla", bio="")
