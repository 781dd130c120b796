"""Limits of wrong passwords for each account, which never lock out its owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import UNLOCK_MAILS
from mainapp.accounts.selectors import UNLOCK_S
from mainapp.accounts.tests.people import PASSWORD, link_of, log_in

SPELLINGS = ["alice", "ALICE", "al\u0131ce", "alic\uff45", " alice ", "Alice", "ali\u24b8e"]

pytestmark = pytest.mark.django_db


LOADED = Client().handler  # loading the middleware takes as long as a log-in


def stranger(number=0):
    """Return a browser at another address."""
    browser = Client(REMOTE_ADDR=f"198.51.100.{number + 1}")
    browser.handler = LOADED
    return browser


def attack(names, times=9):
    """Send wrong passwords, each from another address; return how many were checked."""
    statuses = [
        log_in(stranger(n), names[n % len(names)], "wrong").status_code for n in range(times)
    ]
    return statuses.count(200)


@pytest.mark.parametrize("names", [SPELLINGS, ["nobody", "NOBODY", "nobod\uff59"]])
def test_spellings_of_a_name_share_one_limit(alice, names):
    assert attack(names) == 5


def test_the_host_and_its_port_do_not_change_the_limit(alice):
    hosts = [f"localhost:{port}" for port in range(8000, 8009)]
    statuses = [
        log_in(stranger(n), "alice", "x", headers={"host": host}).status_code
        for n, host in enumerate(hosts)
    ]

    assert statuses == [200] * 5 + [429] * 4


def test_username_and_email_share_the_accounts_limit_without_revealing_it(alice):
    assert attack(["alice"], 5) == 5

    # A refusal here would reveal that the e-mail belongs to the username.
    for email in ("alice@example.com", "nobody@example.com"):
        assert attack([email], 1) == 1
    assert log_in(stranger(100), "alice@example.com").status_code == 200  # refused: right password
    assert attack(["alice@example.com"]) == 3 == attack(["nobody@example.com"]) - 1


def test_a_name_that_only_looks_like_another_has_its_own_limit(alice):
    assert attack(["alice"]) == 5
    assert attack(["a1ice"]) == 5


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_owner_logs_in_by_any_spelling_on_any_database(client, alice, spelling):
    assert log_in(client, spelling).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_parallel_attempts_are_limited_exactly(alice):
    def try_(number):
        try:
            return log_in(stranger(number), "alice", "wrong").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(try_, range(12)))

    assert statuses.count(200) == 5


def test_right_passwords_are_not_counted(alice):
    assert [log_in(stranger(n), "alice").status_code for n in range(6)] == [302] * 6


def test_a_browser_that_was_logged_in_is_not_locked_out(client, alice):
    log_in(client)
    client.post("/logout/")
    attack(["alice", "alice@example.com"])

    cookie = client.cookies["known_browser"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 365 * 24 * 3600
    assert log_in(Client()).status_code == 429
    assert log_in(client, "alice", "mistyped").status_code == 200
    assert log_in(client).status_code == 302


def test_a_known_browser_guesses_ten_times_and_for_its_user_only(client, alice, bob):
    log_in(client)
    client.post("/logout/")
    statuses = [log_in(client, "alice", "x").status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2

    attack(["bob"])
    assert log_in(client, "bob", "x").status_code == 429


def test_a_forged_cookie_makes_no_browser_known(client, alice):
    log_in(client)
    value = client.cookies["known_browser"].value
    attack(["alice"])

    for forged in ("", "x", value[:-1], f"{value[:-4]}AAAA", f"{'A' * 4}{value}"):
        other = stranger(7)
        other.cookies["known_browser"] = forged
        assert log_in(other).status_code == 429


def test_one_browser_is_known_for_the_last_five_users(client, settings):
    users = [User.objects.create_user(f"user{n}", password=PASSWORD) for n in range(6)]
    for user in users:
        log_in(client, user.username)
        client.post("/logout/")
    attack(["user0", "user5"], 12)

    assert log_in(client, "user0").status_code == 429
    assert log_in(client, "user5").status_code == 302


def test_a_mailed_link_lets_the_owner_in_while_strangers_are_limited(client, alice):
    attack(["alice", "alice@example.com"])
    refused = log_in(client)
    assert refused.status_code == 429
    assert 'value="alice"' in refused.content.decode()

    response = client.post("/accounts/unlock/", {"login": "alice"})

    assert response.url == "/login/"
    assert [(m.to, m.subject) for m in mail.outbox] == [
        (["alice@example.com"], "[Pregão] Entrar de um novo navegador")
    ]
    assert client.get(link_of(mail.outbox[0])).url == "/login/"
    assert log_in(client, "alice", "wrong").status_code == 200  # the link replaces no password
    assert log_in(client).status_code == 302
    assert log_in(stranger(9)).status_code == 429


def test_a_password_reset_makes_the_browser_known(client, alice):
    attack(["alice"])
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    page = client.get(link_of(mail.outbox[0]), follow=True)
    new = "outro-segredo-longo"
    client.post(page.context["action_url"], {"password1": new, "password2": new})

    assert log_in(client, password=new).status_code == 302


def test_an_unlock_reveals_nothing_and_mails_only_the_owner(alice, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # cookies contain the time
    User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
    User.objects.create_user("silent")
    responses = {
        name: stranger(n).post("/accounts/unlock/", {"login": name})
        for n, name in enumerate(["alice", "nobody", "gone", "silent"])
    }

    assert len({(r.status_code, r.url, r.cookies.output()) for r in responses.values()}) == 1
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_unlock_mails_are_few(alice):
    names = ["alice", "alice@example.com"]
    for n in range(8):
        stranger(n).post("/accounts/unlock/", {"login": names[n % 2]})

    assert len(mail.outbox) == UNLOCK_MAILS.count
    statuses = [stranger(n).post("/accounts/unlock/", {"login": "x"}).status_code for n in range(6)]
    assert statuses == [302] * 5 + [429]


def test_an_unlock_link_expires_and_cannot_be_forged(client, alice, time_machine):
    client.post("/accounts/unlock/", {"login": "alice"})
    link = link_of(mail.outbox[0])

    assert client.get(f"{link[:-2]}/").url == "/accounts/unlock/"
    assert "known_browser" not in client.cookies
    time_machine.move_to(timezone.now() + timedelta(seconds=UNLOCK_S + 1))
    assert client.get(link).url == "/accounts/unlock/"
    assert "known_browser" not in client.cookies


def test_known_and_unknown_names_cost_the_same_queries(client, alice, queries):
    """Hashes are counted in test_backends."""
    for known, unknown in [("alice", "nobody"), ("alice@example.com", "nobody@example.com")]:
        counts = []
        for n, name in enumerate([known, unknown]):
            queries.clear()
            log_in(stranger(n), name, "wrong")
            counts.append(len(queries))
        assert counts[0] == counts[1], (known, queries)


def test_reauthentication_is_not_limited_by_strangers(client, alice):
    log_in(client)
    attack(["alice", "alice@example.com"])

    response = client.post(
        "/accounts/reauthenticate/?next=/accounts/email/", {"password": PASSWORD}
    )

    assert response.status_code == 302


@pytest.mark.parametrize("name", ["x" * 60_000, "\ufdfa" * 60_000, "a@" + "b" * 60_000])
def test_a_name_that_is_too_long_has_no_account(client, name):
    assert log_in(client, name).status_code == 200
