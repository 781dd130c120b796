"""Passkeys, with a software key: creation, both ways to log in, challenges, domains."""

import json
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import passkey_domain, passkey_refusal
from mainapp.accounts.tests.factors import confirm
from mainapp.accounts.tests.people import PASSWORD, log_in
from mainapp.accounts.tests.soft_key import SoftKey

ORIGIN, DOMAIN = "https://pregao.example", "pregao.example"
ADD, LOG_IN, STEP = (
    f"/accounts/2fa/{path}" for path in ("passkeys/add/", "passkeys/login/", "login/")
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = ORIGIN
    settings.ALLOWED_HOSTS = [DOMAIN, "other.example", "203.0.113.7", "localhost"]


class SecureClient(Client):
    """A browser that uses https."""

    def generic(self, *args, **more):
        return super().generic(*args, **more | {"secure": True})


def browser(host=DOMAIN):
    return SecureClient(headers={"host": host})


def options_in(page):
    text = re.search(r'id="passkey-options" type="application/json">(.*?)</script>', page)[1]
    return json.loads(text)


@pytest.fixture
def member(alice):
    client = browser()
    log_in(client)
    confirm(client)
    return client


def add(client, key, name="Celular"):
    options = options_in(client.get(ADD).content.decode())
    return client.post(ADD, {"name": name, "credential": key.create(options)})


@pytest.fixture
def key(member):
    """Alice's passkey."""
    made = SoftKey(ORIGIN, DOMAIN)
    assert add(member, made).url == "/accounts/2fa/codes/"
    return made


def log_in_by(key, client=None, **more):
    client = client or browser()
    options = client.get(LOG_IN).json()
    answer = client.post(LOG_IN, {"credential": key.sign(options), **more})
    return client, answer


def test_a_passkey_is_created_renamed_and_removed(member, key, alice):
    row = Authenticator.objects.get(type="webauthn")
    assert "Celular" in member.get("/accounts/2fa/").content.decode()

    member.post(f"/accounts/2fa/passkeys/{row.pk}/", {"name": "Chave azul"})
    assert "Chave azul" in member.get("/accounts/2fa/").content.decode()
    assert member.get(f"/accounts/2fa/passkeys/{row.pk}/remove/").status_code == 200
    member.post(f"/accounts/2fa/passkeys/{row.pk}/remove/")

    assert not Authenticator.objects.exists()  # nor recovery codes
    assert log_in(browser()).url == "/"


def test_options_have_a_long_challenge_the_sites_domain_and_a_short_handle(member):
    options = options_in(member.get(ADD).content.decode())["publicKey"]

    assert len(options["challenge"]) * 6 // 8 >= 16
    assert options["rp"] == {"id": DOMAIN, "name": "Pregão"}
    assert len(options["user"]["id"]) <= 64
    assert options["user"]["name"] == "alice"
    assert options["authenticatorSelection"] == {
        "residentKey": "preferred",
        "requireResidentKey": False,
        "userVerification": "preferred",
    }


def test_a_passkey_is_the_second_step_after_the_password(key):
    client = browser()
    assert log_in(client, next="/alerts/").url == STEP
    options = options_in(client.get(STEP).content.decode())

    assert client.post(STEP, {"credential": key.sign(options)}).url == "/alerts/"
    assert SESSION_KEY in client.session


def test_a_passkey_logs_in_alone_and_leads_to_the_requested_page(key):
    client, answer = log_in_by(key, next="/alerts/")

    assert answer.url == "/alerts/"
    assert client.session[SESSION_KEY] == str(User.objects.get(username="alice").pk)


def test_a_passkey_that_checks_no_user_is_a_second_step_only(member):
    key = SoftKey(ORIGIN, DOMAIN, is_verifying=False)
    add(member, key)

    client, answer = log_in_by(key)
    assert answer.url == "/login/"
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("age_s", [299, 301])
def test_a_challenge_is_valid_for_five_minutes(key, time_machine, age_s):
    client = browser()
    options = client.get(LOG_IN).json()
    time_machine.move_to(timezone.now() + timedelta(seconds=age_s), tick=False)

    client.post(LOG_IN, {"credential": key.sign(options)})

    assert (SESSION_KEY in client.session) == (age_s < 300)


def test_a_challenge_is_valid_once_also_after_a_wrong_answer(key):
    client = browser()
    options = client.get(LOG_IN).json()
    client.post(LOG_IN, {"credential": SoftKey(ORIGIN, DOMAIN).sign(options)})

    client.post(LOG_IN, {"credential": key.sign(options)})

    assert SESSION_KEY not in client.session


def test_a_signature_for_another_site_or_by_another_key_is_refused(key):
    for origin, domain in (("https://evil.example", DOMAIN), (ORIGIN, "evil.example")):
        key.origin, key.rp_id = origin, domain
        client, answer = log_in_by(key)
        assert answer.url == "/login/"
        assert SESSION_KEY not in client.session


@pytest.mark.parametrize(
    "credential",
    ["", "{}", "[]", "null", "7", "[" * 19_000, '{"id":1,"rawId":1,"response":{}}', "x" * 999],
)
def test_malformed_answers_are_refused(key, member, credential):
    waiting, client = browser(), browser()
    log_in(waiting)
    assert waiting.post(STEP, {"credential": credential}).status_code == 200
    client.get(LOG_IN)
    assert client.post(LOG_IN, {"credential": credential}).url == "/login/"
    assert member.post(ADD, {"name": "x", "credential": credential}).status_code == 200
    assert SESSION_KEY not in client.session


def test_the_log_in_page_offers_passkeys_where_browsers_accept_them(client, db):
    assert "Entrar com chave de acesso" in browser().get("/login/").content.decode()
    assert (
        "Entrar com chave de acesso"
        not in client.get("/login/", headers={"host": "other.example"}).content.decode()
    )


def test_log_ins_by_passkey_count_for_the_address(key):
    client = browser()
    statuses = [client.post(LOG_IN, {"credential": "{}"}).status_code for _number in range(31)]

    assert statuses == [302] * 29 + [429] * 2  # the member's log-in was the first


def test_a_deactivated_user_does_not_log_in_by_passkey(key):
    User.objects.update(is_active=False)

    client, answer = log_in_by(key)

    assert answer.url == "/accounts/inactive/"
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize(
    ("site_url", "setting", "host", "secure", "refusal"),
    [
        (ORIGIN, "", DOMAIN, True, ""),
        (ORIGIN, "", "other.example", True, "só funcionam em https://pregao.example/"),
        (ORIGIN, "", DOMAIN, False, "precisam de https"),
        ("https://app.pregao.example", DOMAIN, f"app.{DOMAIN}", True, ""),
        ("http://203.0.113.7:8000", "", "203.0.113.7:8000", False, "um endereço IP"),
        ("https://[2001:db8::1]", "", "[2001:db8::1]", True, "um endereço IP"),
        ("http://127.0.0.1:8000", "", "localhost:8000", False, ""),
        ("http://127.0.0.1:8000", "", "127.0.0.1:8000", False, "só funcionam em http://localhost"),
        ("http://localhost:8000", "", "localhost:8000", False, ""),
        (ORIGIN, "", f"evil{DOMAIN}", True, "só funcionam em"),
    ],
)
def test_passkeys_are_offered_only_at_the_sites_name(
    rf, settings, site_url, setting, host, secure, refusal
):
    settings.SITE_URL, settings.PASSKEY_DOMAIN, settings.ALLOWED_HOSTS = site_url, setting, ["*"]
    request = rf.get("/", secure=secure, headers={"host": host})

    shown = passkey_refusal(request)

    assert refusal in shown
    assert bool(shown) == bool(refusal)


def test_the_domain_has_no_port(settings):
    settings.SITE_URL = "http://127.0.0.1:8440"
    assert passkey_domain() == "localhost"
    settings.SITE_URL = "https://pregao.example:8443"
    assert passkey_domain() == DOMAIN


def test_without_the_sites_name_the_second_step_asks_for_a_recovery_code(key):
    client = browser("other.example")
    log_in(client)

    page = client.get(STEP).content.decode()

    assert "só funcionam em https://pregao.example/" in page
    assert "Digite um código de recuperação." in page


def test_a_passkey_is_removed_only_by_its_owner(key, db):
    User.objects.create_user("bob", password=PASSWORD)
    bob = browser()
    log_in(bob, "bob")
    row = Authenticator.objects.get(type="webauthn")

    assert bob.post(f"/accounts/2fa/passkeys/{row.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("counters", "accepted"),
    [
        ([0, 0, 0], [True, True, True]),  # a passkey of an account, on many devices
        ([1, 2, 7], [True, True, True]),
        ([5, 5, 6], [True, False, True]),
        ([5, 4, 0], [True, False, False]),
    ],
)
def test_a_copied_passkey_is_found_by_its_counter(key, counters, accepted):
    answers = []
    for counter in counters:
        key.counter = counter
        client, _answer = log_in_by(key)
        answers.append(SESSION_KEY in client.session)

    assert answers == accepted


def test_the_counter_of_the_creation_counts(member):
    made = SoftKey(ORIGIN, DOMAIN)
    made.counter = 3
    add(member, made)

    for counter, is_accepted in ((3, False), (4, True)):
        made.counter = counter
        client, _answer = log_in_by(made)
        assert (SESSION_KEY in client.session) == is_accepted
