"""API keys: creation, scopes, expiry, last use, revocation, and the page."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from rest_framework import serializers

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.alerts.tests.factories import make_alert
from mainapp.api.models import ApiKey, KeptAnswer
from mainapp.api.names import is_key, new_secret
from mainapp.api.selectors.keys import TABLE
from mainapp.api.serializers.common import ShortList
from mainapp.api.services.keys import create_key, record_use
from mainapp.api.services.tokens import create_tokens
from mainapp.api.tests.test_policies import address, objects  # noqa: F401 - a fixture
from mainapp.core.policies import SCOPES, operation_policies
from mainapp.market.tests.factories import StockFactory

PASSWORD = "correto cavalo 9"
KEYS = "/api/v1/keys/"
OPERATIONS = operation_policies()
NEW = {"name": "Robô", "scopes": ["read"], "expires_in_days": 30, "password": PASSWORD}


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


def secret_of(user, *scopes, days=30, at=None):
    at = at or timezone.now()
    return create_key(user=user, name="Robô", scopes=scopes, days=days, at=at)[1]


def headers(secret, scheme="Bearer"):
    return {"Authorization": f"{scheme} {secret}"}


@pytest.fixture
def tokens(alice):
    return headers(create_tokens(user=alice)["access"])


def post(client, data, tokens, path=KEYS):
    return client.post(path, data, content_type="application/json", headers=tokens)


# Secrets ---------------------------------------------------------------------------------------


def test_secret_has_a_form_that_scanners_recognise():
    secret = new_secret()

    assert re.fullmatch(r"pregao_[0-9A-Za-z]{46}", secret)
    assert is_key(secret)
    changed = secret[:20] + ("a" if secret[20] != "a" else "b") + secret[21:]
    for text in ("", "pregao_", secret[:-1], f"{secret}x", changed, secret.upper()):
        assert not is_key(text)


def test_secret_is_not_stored(alice):
    secret = secret_of(alice, "read")
    row = ApiKey.objects.values().get()

    assert secret not in str(row)
    assert row["hint"] == secret[:12]


def test_key_with_a_wrong_check_costs_no_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(KEYS, headers=headers(f"{new_secret()}x"))

    assert response.status_code == 401


# Use -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Bearer", "Token"])
def test_key_acts_for_its_user(client, alice, scheme):
    response = client.get("/api/user", headers=headers(secret_of(alice, "read"), scheme))

    assert response.json()["username"] == "alice"


def test_key_costs_one_query(client, alice, django_assert_num_queries):
    secret = secret_of(alice, "read")
    make_alert(alice, venda="40.00")
    client.get("/api/v1/alerts/", headers=headers(secret))
    with django_assert_num_queries(3):  # key and user, count, rows
        client.get("/api/v1/alerts/", headers=headers(secret))


def test_unknown_expired_and_revoked_keys_are_refused_alike(client, alice):
    unknown, revoked = new_secret(), secret_of(alice, "read")
    expired = secret_of(alice, "read", days=1, at=timezone.now() - timedelta(days=1))
    ApiKey.objects.filter(hint=revoked[:12]).delete()

    answers = [
        client.get("/api/v1/alerts/", headers=headers(secret))
        for secret in (unknown, expired, revoked, "pregao_", "pregao_ x")
    ]

    assert [answer.status_code for answer in answers] == [401] * 5
    assert len({answer.content for answer in answers}) == 1
    assert answers[0]["WWW-Authenticate"] == 'Bearer realm="api"'


def test_keys_of_a_deactivated_user_end(client, alice):
    secret = secret_of(alice, "read")
    User.objects.update(is_active=False)

    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 401


def test_key_survives_a_new_password_but_not_its_account(client, alice):
    secret = secret_of(alice, "read")
    alice.set_password("outra coisa 7")
    alice.save()

    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 200
    alice.delete()
    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 401


def test_last_use_is_written_at_most_once_a_minute(client, alice):
    secret, now = secret_of(alice, "read"), timezone.now()
    uses = []
    for seconds in (0, 59, 60, 61):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            client.get("/api/v1/alerts/", headers=headers(secret))
        uses.append((ApiKey.objects.get().last_used_at - now).total_seconds())

    assert uses == [0, 0, 60, 60]


def test_concurrent_uses_write_once(alice, django_assert_num_queries):
    secret_of(alice, "read")
    first, second = ApiKey.objects.get(), ApiKey.objects.get()
    now = timezone.now()
    record_use(key=first, at=now)
    record_use(key=second, at=now + timedelta(seconds=1))

    assert ApiKey.objects.get().last_used_at == now
    first.refresh_from_db()
    with django_assert_num_queries(0):
        record_use(key=first, at=now + timedelta(seconds=59))


def test_requests_of_a_key_are_limited_as_its_users(client, alice, settings, tokens):
    settings.API_REQUESTS_A_MINUTE_USER = 2
    first, second = secret_of(alice, "read"), secret_of(alice, "read")
    path = "/api/v1/alerts/"

    assert client.get(path, headers=headers(first)).status_code == 200
    assert client.get(path, headers=headers(second)).status_code == 200
    limited = client.get(path, headers=tokens)
    assert (limited.status_code, limited.json()["code"]) == (429, "rate_limited")


# Scopes ----------------------------------------------------------------------------------------


@pytest.mark.database_independent
def test_every_operation_needs_its_scope(objects, alice, client):  # noqa: F811 - the fixture
    """An operation admits a key with the scope of its policy line, and no key with all others."""
    unread = {"api-refresh", "api-token-refresh"}  # these read no Authorization header
    for name in OPERATIONS.keys() - unread:
        for method in OPERATIONS[name]:
            needed = OPERATIONS[name].scope_of(method)
            others = secret_of(alice, *(scope for scope in SCOPES if scope != needed))
            refusal = "insufficient_scope" if needed else "forbidden"
            path = address(name, objects)
            assert (name, method, refused(client, method, path, others)) == (name, method, refusal)
            if needed:
                only = secret_of(alice, needed)
                assert (name, method, refused(client, method, path, only)) == (name, method, None)
            ApiKey.objects.exclude(pk=objects["key"]["pk"]).delete()


def refused(client, method, path, secret):
    """Return the code of a refusal for the lack of a scope, None for any other response."""
    data = {} if method == "get" else {"flavour": "sweet"}
    response = getattr(client, method)(
        path, data, content_type="application/json", headers=headers(secret)
    )
    return response.json()["code"] if response.status_code == 403 else None


def test_every_operation_declares_its_area():
    assert {name for name, line in OPERATIONS.items() if not line.area} == set()
    for name in ("api-keys", "api-key", "api-ticket", "api-logout", "api-login", "api-register"):
        assert {OPERATIONS[name].scope_of(method) for method in OPERATIONS[name]} == {None}
    assert OPERATIONS["api-user"].scope_of("patch") is None
    assert {line.scope_of(m) for line in OPERATIONS.values() for m in line} - {None} == set(SCOPES)


def test_key_creates_and_deletes_with_its_scope(client, alice):
    StockFactory(symbol="PETR4")
    secret = secret_of(alice, "alerts:write")
    made = post(client, {"symbol": "PETR4", "target_price": "40"}, headers(secret), "/api/alerts")

    assert made.status_code == 201
    path = f"/api/v1/alerts/{made.json()['id']}/"
    assert client.get(path, headers=headers(secret)).json()["code"] == "insufficient_scope"
    assert client.delete(path, headers=headers(secret)).status_code == 204


def test_key_without_the_scope_gets_no_saved_response(client, alice):
    pk = make_alert(alice, venda="40.00").pk
    path = f"/api/v1/alerts/{pk}/"
    for scope, status in (("alerts:write", 204), ("read", 403)):
        sent = headers(secret_of(alice, scope)) | {"Idempotency-Key": "k"}
        assert client.delete(path, headers=sent).status_code == status
    assert Alert.objects.count() == 0


# Operations ------------------------------------------------------------------------------------


def test_key_is_created_listed_and_revoked(client, alice, tokens):
    made = post(client, NEW | {"scopes": ["alerts:write", "read", "read"]}, tokens)

    assert made.status_code == 201, made.json()
    data = made.json()
    secret = data.pop("key")
    assert data["scopes"] == ["read", "alerts:write"]
    assert client.get(KEYS, headers=tokens).json()["results"] == [data]
    assert client.get(f"{KEYS}{data['id']}/", headers=tokens).json() == data
    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 200
    assert client.delete(f"{KEYS}{data['id']}/", headers=tokens).status_code == 204
    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 401


def test_no_secret_is_stored_with_an_idempotency_key(client, tokens):
    made = [post(client, NEW, tokens | {"Idempotency-Key": "k"}).json() for _ in range(2)]

    assert made[0]["key"] != made[1]["key"]
    assert KeptAnswer.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"password": "errada"}, "password"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["write"]}, "scopes"),
        ({"scopes": "read"}, "scopes"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 366}, "expires_in_days"),
        ({"expires_in_days": None}, "expires_in_days"),
        ({"name": ""}, "name"),
        ({"name": "a\u202eb"}, "name"),
    ],
)
def test_wrong_key_is_refused_by_field(client, tokens, fields, wrong):
    response = post(client, NEW | fields, tokens)

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert {name.partition(".")[0] for name in response.json()["fields"]} == {wrong}
    assert ApiKey.objects.count() == 0


def test_expiry_is_required(client, tokens):
    fields = {name: value for name, value in NEW.items() if name != "expires_in_days"}

    assert post(client, fields, tokens).json()["fields"].keys() == {"expires_in_days"}


def test_wrong_passwords_for_keys_are_limited(client, tokens):
    codes = [post(client, NEW | {"password": "x"}, tokens).status_code for _ in range(12)]

    assert codes[0] == 400
    assert codes[-1] == 429


def test_number_of_keys_is_limited(client, alice, tokens, monkeypatch):
    monkeypatch.setattr("mainapp.api.services.keys.MAX_KEYS", 2)
    codes = [post(client, NEW, tokens) for _ in range(3)]

    assert [response.status_code for response in codes] == [201, 201, 403]
    assert codes[-1].json()["code"] == "limit_reached"


def test_another_users_key_is_missing(client, bob, tokens):
    key, _secret = create_key(user=bob, name="x", scopes=["read"], days=1, at=timezone.now())

    assert client.delete(f"{KEYS}{key.pk}/", headers=tokens).status_code == 404
    assert client.get(f"{KEYS}{key.pk}/", headers=tokens).status_code == 404
    assert client.get(KEYS, headers=tokens).json()["count"] == 0


@pytest.mark.parametrize("rows", [3, 20])
def test_keys_cost_the_same_queries_at_any_number(client, alice, django_assert_num_queries, rows):
    for _ in range(rows):
        secret_of(alice, "read")
    client.force_login(alice)
    with django_assert_num_queries(4):  # session, user, count, rows
        assert len(client.get(KEYS).json()["results"]) == rows


def test_export_has_the_keys_without_their_hashes(alice):
    secret = secret_of(alice, "read")
    (row,) = TABLE.rows(alice)

    assert dict(zip(TABLE.columns, row, strict=True))["hint"] == secret[:12]
    assert ApiKey.objects.get().digest not in str(row)


# The page --------------------------------------------------------------------------------------

FORM = {"name": "Robô", "scopes": ["read"], "days": "30", "password": PASSWORD}


@pytest.fixture
def page(alice):
    client = Client()
    client.force_login(alice)
    return client


def secret_in(response):
    found = re.findall(r"pregao_[0-9A-Za-z]{46}", response.content.decode())
    return found[0] if found else ""


def test_page_creates_a_key_and_shows_it_once(page, client):
    response = page.post("/keys/", FORM)
    secret = secret_in(response)

    assert response["Cache-Control"] == "no-store"
    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 200
    again = page.get("/keys/")
    assert secret_in(again) == ""
    assert secret[:12] in again.content.decode()
    assert (ApiKey.objects.get().expires_at - timezone.now()).days in (29, 30)


@pytest.mark.parametrize(
    "fields", [{"password": "x"}, {"scopes": ["all"]}, {"days": "9999"}, {"name": "\u202e"}]
)
def test_page_refuses_wrong_fields(page, fields):
    response = page.post("/keys/", FORM | fields)

    assert "field-error" in response.content.decode()
    assert (secret_in(response), ApiKey.objects.count()) == ("", 0)


def test_page_revokes_after_a_confirmation(page, client, alice):
    secret = secret_of(alice, "read")
    pk = ApiKey.objects.get().pk

    assert "Robô" in page.get(f"/keys/{pk}/revoke/").content.decode()
    assert ApiKey.objects.count() == 1
    assert page.post(f"/keys/{pk}/revoke/").url == "/keys/"
    assert client.get("/api/v1/alerts/", headers=headers(secret)).status_code == 401


def test_page_limits_the_number_of_keys(page, alice, monkeypatch):
    monkeypatch.setattr("mainapp.api.services.keys.MAX_KEYS", 1)
    secret_of(alice, "read")

    response = page.post("/keys/", FORM)

    assert "Você já tem 1 chaves" in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_profile_and_foot_link_to_keys_and_documentation(page, alice):
    profile = page.get(f"/profile/{alice.pk}/").content.decode()
    foot = page.get("/privacy/").content.decode()

    assert 'href="/keys/"' in profile
    assert profile.count('href="/api/docs/"') == 2
    assert 'href="/api/docs/"' in foot


def test_too_many_scopes_are_refused_by_their_number():
    field = ShortList(child=serializers.ChoiceField(choices=["read"]), max_length=2)

    with pytest.raises(serializers.ValidationError) as error:
        field.run_validation(["x"] * 20_000)

    assert len(error.value.detail) == 1
