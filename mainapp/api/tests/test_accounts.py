"""Sign-up, tokens, the account, and the shape of all errors."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import Preferences, User
from mainapp.accounts.selectors.sessions import sessions_of
from mainapp.accounts.services.sessions import end_session
from mainapp.accounts.tests.factors import code_at, give_app, give_recovery_codes
from mainapp.api.services.keys import create_key
from mainapp.api.services.tokens import claims_of, create_tokens, sign_claims
from mainapp.core import redis
from mainapp.core.exceptions import DomainError
from mainapp.core.policies import STAFF, operation_policies

ACCOUNTS = "/api/v1/accounts/"
SIGN_UP = {"username": "carla", "email": "carla@example.org", "password": "correto cavalo 9"}


@pytest.fixture
def carla(db):
    return User.objects.create_user("carla", "carla@example.org", "correto cavalo 9")


def post(client, path, data=None, **headers):
    return client.post(
        ACCOUNTS + path, data or {}, content_type="application/json", headers=headers
    )


def tokens_of(client):
    response = post(client, "login/", {"username": "carla", "password": "correto cavalo 9"})
    assert response.status_code == 200
    return response.json()


def user(client, access):
    return client.get(f"{ACCOUNTS}user/", headers={"Authorization": f"Bearer {access}"})


def test_registration_creates_an_account_that_can_log_in(db, client):
    response = post(client, "register/", SIGN_UP)

    assert response.status_code == 201
    assert response.json() == {
        "username": "carla",
        "display_name": "",
        "email": "carla@example.org",
        "verification": "none",
    }
    assert user(client, tokens_of(client)["access"]).json()["username"] == "carla"
    assert "sessionid" not in client.cookies


def test_registration_reports_errors_by_field(carla, client):
    response = post(client, "register/", SIGN_UP | {"username": "CARLA", "password": "123"})

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert response.json()["fields"].keys() == {"username", "email", "password"}


def test_registration_with_two_different_passwords_is_refused(db, client):
    response = post(client, "register/", SIGN_UP | {"password2": "outra coisa 9"})

    assert response.json()["fields"].keys() == {"password2"}


@pytest.fixture
def _mandatory(settings):
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.mark.usefixtures("_mandatory")
def test_registration_with_a_taken_email_reveals_nothing(carla, client, mailoutbox):
    EmailAddress.objects.create(user=carla, email=carla.email, primary=True, verified=True)
    free = post(client, "register/", SIGN_UP | {"username": "dora", "email": "dora@example.org"})
    taken_email = post(client, "register/", SIGN_UP | {"username": "duda"})

    assert taken_email.status_code == free.status_code == 201
    assert taken_email.json() == free.json() | {"username": "duda", "email": "carla@example.org"}
    assert dict(taken_email.cookies) == dict(free.cookies)
    logins = [
        post(client, "login/", {"username": name, "password": SIGN_UP["password"]})
        for name in ("dora", "duda")
    ]
    assert [response.json()["code"] for response in logins] == ["email_unverified"] * 2
    assert {letter.to[0] for letter in mailoutbox} == {
        "dora@example.org",
        "carla@example.org",
    }


@pytest.mark.usefixtures("_mandatory")
def test_login_with_a_verified_email_gets_tokens(carla, client):
    EmailAddress.objects.create(user=carla, email=carla.email, primary=True, verified=True)

    assert tokens_of(client).keys() == {"access", "refresh"}


@pytest.mark.parametrize("path", ["login/", "token/"])
@pytest.mark.parametrize("name", ["username", "email"])
def test_login_accepts_a_username_or_an_email(carla, client, path, name):
    login = {"username": "Carla", "email": "carla@example.org"}[name]
    response = post(client, path, {name: login, "password": "correto cavalo 9"})

    assert response.status_code == 200
    assert response.json().keys() == {"access", "refresh"}


def test_login_without_a_name_is_refused(db, client):
    response = post(client, "login/", {"password": "x"})

    assert (response.status_code, list(response.json()["fields"])) == (400, ["username"])


def test_unknown_name_and_wrong_password_have_the_same_error(carla, client):
    wrong = post(client, "login/", {"username": "carla", "password": "x"})
    unknown = post(client, "login/", {"username": "ninguem", "password": "x"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "invalid_credentials"


def test_login_hashes_once_for_known_and_unknown_names(carla, client, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415 - the tests' hasher

    hashes, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *args: hashes.append(1) or encode(*args)
    )
    for name in ("carla", "ninguem", "carla@example.org", "ninguem@example.org"):
        hashes.clear()
        post(client, "login/", {"username": name, "password": "x"})
        assert (name, len(hashes)) == (name, 1)


def test_wrong_passwords_are_limited(carla, client):
    responses = [post(client, "login/", {"username": "carla", "password": "x"}) for _ in range(12)]

    assert responses[-1].status_code == 429
    assert responses[-1].json()["code"] == "rate_limited"
    assert int(responses[-1]["Retry-After"]) > 0
    right = post(client, "login/", {"username": "carla", "password": "correto cavalo 9"})
    assert right.status_code == 429


@pytest.mark.parametrize("path", ["refresh/", "token/refresh/"])
def test_refresh_token_is_exchanged_once(carla, client, path):
    first = tokens_of(client)
    second = post(client, path, {"refresh": first["refresh"]})

    assert second.status_code == 200
    assert user(client, second.json()["access"]).status_code == 200
    repeated = post(client, path, {"refresh": first["refresh"]})
    assert (repeated.status_code, repeated.json()["code"]) == (401, "login_required")
    assert post(client, path, {"refresh": second.json()["refresh"]}).status_code == 200


def test_logout_revokes_the_refresh_token(carla, client):
    pair = tokens_of(client)
    bearer = {"Authorization": f"Bearer {pair['access']}"}

    assert post(client, "logout/", {"refresh": pair["refresh"]}, **bearer).status_code == 204
    assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_logout_ends_the_access_tokens_of_that_log_in_only(carla, client):
    pair, other = tokens_of(client), tokens_of(client)
    rotated = post(client, "refresh/", {"refresh": pair["refresh"]}).json()
    bearer = {"Authorization": f"Bearer {rotated['access']}"}
    assert post(client, "logout/", {"refresh": rotated["refresh"]}, **bearer).status_code == 204

    for access in (pair["access"], rotated["access"]):
        assert user(client, access).status_code == 401
    assert user(client, other["access"]).status_code == 200
    assert post(client, "refresh/", {"refresh": other["refresh"]}).status_code == 200


def test_logout_on_the_site_leaves_the_tokens(carla, client):
    pair = tokens_of(client)
    client.force_login(carla)
    client.post("/logout/")

    assert user(client, pair["access"]).status_code == 200


def test_token_is_no_session_cookie(carla, client):
    pair = tokens_of(client)
    claims = claims_of(pair)["access"]
    stored = Session.objects.get().session_key

    assert stored not in str(claims)
    client.cookies["sessionid"] = claims["log_in"]
    assert client.get(f"{ACCOUNTS}user/").status_code == 401


def test_log_in_ends_two_weeks_after_its_last_refresh(carla, client):
    pair = tokens_of(client)
    with time_machine.travel(timezone.now() + timedelta(days=13), tick=False):
        pair = post(client, "refresh/", {"refresh": pair["refresh"]}).json()
    with time_machine.travel(timezone.now() + timedelta(days=26), tick=False):
        pair = post(client, "refresh/", {"refresh": pair["refresh"]}).json()
        assert user(client, pair["access"]).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=41), tick=False):
        assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_deactivated_user_gets_no_tokens(carla, client):
    User.objects.update(is_active=False)
    names = {"username": "carla", "password": "correto cavalo 9"}

    response = post(client, "login/", names)

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    wrong = post(client, "login/", names | {"password": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")


def test_user_deactivated_during_the_log_in_gets_no_tokens(carla):
    User.objects.update(is_active=False)  # after the password was checked

    with pytest.raises(DomainError):
        create_tokens(user=carla)
    assert not Session.objects.exists()


@pytest.mark.parametrize("claim", [None, "", "x", 1, ["x"]])
def test_token_without_a_known_log_in_is_refused(carla, client, claim):
    claims = claims_of(tokens_of(client))
    for token in claims.values():
        del token["log_in"]
        if claim is not None:
            token["log_in"] = claim
    pair = sign_claims(claims)

    assert user(client, pair["access"]).status_code == 401
    assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_logout_does_not_revoke_another_users_token(carla, client, bob):
    refresh = tokens_of(client)["refresh"]
    client.force_login(bob)

    assert post(client, "logout/", {"refresh": refresh}).status_code == 401
    client.logout()
    assert post(client, "refresh/", {"refresh": refresh}).status_code == 200


@pytest.mark.parametrize("ending", ["password", "deactivation", "deletion"])
def test_tokens_end_with_the_log_in(carla, client, ending):
    pair = tokens_of(client)
    if ending == "password":
        carla.set_password("outra senha 123")
        carla.save()
    elif ending == "deactivation":
        User.objects.update(is_active=False)
    else:
        carla.delete()

    assert user(client, pair["access"]).status_code == 401
    assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_access_and_refresh_tokens_are_not_interchangeable(carla, client):
    pair = tokens_of(client)

    assert post(client, "refresh/", {"refresh": pair["access"]}).status_code == 401
    assert user(client, pair["refresh"]).status_code == 401


def test_account_is_read_and_changed(carla, client):
    client.force_login(carla)
    changes = {"display_name": "Carla R.", "theme": "dark", "monitoring_minutes": 15}
    response = client.patch(f"{ACCOUNTS}user/", changes, content_type="application/json")

    assert response.status_code == 200
    account = client.get(f"{ACCOUNTS}user/").json()
    assert account == response.json()
    assert account | changes == account
    assert account["date_joined"].endswith("Z")
    assert Preferences.objects.get().monitoring_minutes == 15


def test_protected_fields_of_the_account_are_not_changed(carla, client):
    client.force_login(carla)
    changes = {"username": "root", "access_level": "admin", "email": "x@example.org"}
    client.patch(f"{ACCOUNTS}user/", changes, content_type="application/json")

    carla.refresh_from_db()
    assert (carla.username, carla.access_level) == ("carla", "user")
    assert carla.email == "carla@example.org"


# Errors ------------------------------------------------------------------------------------------


def test_session_needs_the_csrf_token(carla):
    client = Client(enforce_csrf_checks=True)
    client.force_login(carla)
    response = client.patch(f"{ACCOUNTS}user/", {}, content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "nada/", 404, "not_found"),
        ("get", "accounts/login/", 405, "method_not_allowed"),
        ("get", "accounts/user/", 401, "login_required"),
        ("get", "accounts/%00/", 400, "bad_request"),
        ("post", "accounts/login/", 415, "unsupported_media_type"),
    ],
)
def test_errors_have_one_shape(db, client, method, path, status, code):
    response = getattr(client, method)(f"/api/v1/{path}", headers={"accept": "text/html"})

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json().keys() == {"code", "message", "fields"}
    assert response.json()["message"]


@pytest.mark.parametrize("body", ["{", "NaN", "[" * 100_000, '"\\ud800"', "[]", "1", "\xff"])
def test_body_other_than_a_json_object_is_refused(db, client, body):
    response = client.post(f"{ACCOUNTS}login/", body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["code"] in ("bad_request", "invalid")


def test_errors_are_in_the_users_language(db, client):
    messages = [
        client.get("/api/v1/nada/", headers={"accept-language": language}).json()["message"]
        for language in ("pt-BR", "en")
    ]
    assert messages[0] == "Isto não existe."
    assert messages[1] != messages[0]


def test_requests_are_limited_by_user_and_by_address(carla, client, settings):
    settings.API_REQUESTS_A_MINUTE_USER, settings.API_REQUESTS_A_MINUTE_ADDRESS = 2, 4
    client.force_login(carla)
    responses = [client.get(f"{ACCOUNTS}user/") for _ in range(5)]

    assert [response.status_code for response in responses] == [200, 200, 429, 429, 429]
    assert [response["RateLimit-Remaining"] for response in responses] == ["1", "0", "0", "0", "0"]
    assert [response["RateLimit-Limit"] for response in responses] == ["2", "2", "2", "2", "4"]
    assert 0 < int(responses[-1]["Retry-After"]) <= 60
    client.logout()
    assert client.get("/api/v1/accounts/user/").status_code == 429


# Second factor ---------------------------------------------------------------------------------


@pytest.fixture
def app(carla, settings):
    settings.MFA_KEY = "the key of second factors"
    return give_app(carla)


def log_in(client, **more):
    return post(client, "login/", {"username": "carla", "password": "correto cavalo 9", **more})


@pytest.mark.parametrize("path", ["login/", "token/"])
def test_a_password_alone_gives_no_tokens_to_an_account_with_a_second_factor(app, client, path):
    data = {"username": "carla", "password": "correto cavalo 9"}

    refused = post(client, path, data)
    assert (refused.status_code, refused.json()["code"]) == (401, "mfa_required")
    wrong = post(client, path, data | {"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_code")
    assert not Session.objects.exists()

    code = code_at()
    assert post(client, path, data | {"code": code}).status_code == 200
    assert post(client, path, data | {"code": code}).json()["code"] == "invalid_code"


def test_a_recovery_code_gives_tokens_once(app, carla, client):
    code = give_recovery_codes(carla)[0]

    assert [log_in(client, code=code).status_code for _number in range(2)] == [200, 401]


def test_wrong_codes_share_the_limit_of_the_site(app, client):
    answers = [log_in(client, code="000000").json()["code"] for _number in range(6)]

    assert answers == ["invalid_code"] * 5 + ["rate_limited"]
    assert log_in(client, code=code_at()).json()["code"] == "rate_limited"


def test_a_wrong_password_does_not_reveal_the_second_factor(app, client):
    answer = log_in(client, password="wrong", code=code_at())
    assert answer.json()["code"] == "invalid_credentials"


def test_a_code_is_ignored_for_accounts_without_a_second_factor(carla, client):
    assert log_in(client, code="000000").status_code == 200


def test_a_log_in_is_in_the_list_of_sessions_and_ends_there(carla, client):
    pair = tokens_of(client)
    [row] = sessions_of(carla, current_key=None)
    assert (row.is_api, row.is_current) == (True, False)
    assert user(client, pair["access"]).status_code == 200

    end_session(user=carla, pk=row.pk)

    assert user(client, pair["access"]).status_code == 401
    assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_the_use_of_a_token_is_the_last_activity_of_its_session(carla, client):
    pair = tokens_of(client)
    earlier = timezone.now() - timedelta(minutes=5)
    UserSession.objects.update(last_seen_at=earlier)
    redis.client().flushdb()

    assert user(client, pair["access"]).status_code == 200

    assert UserSession.objects.get().last_seen_at > earlier


@pytest.mark.parametrize("way", ["token", "token without code", "session", "key", "key without"])
def test_operations_of_staff_need_a_log_in_with_the_second_factor(
    carla, client, settings, monkeypatch, way
):
    settings.ADMIN_REQUIRES_SECOND_FACTOR = True
    settings.MFA_KEY = "the key of second factors"
    User.objects.update(access_level="admin")
    monkeypatch.setitem(operation_policies()["api-user"], "get", STAFF)
    headers = {}
    if way == "token without code":  # of a log-in before the factor was activated
        headers["Authorization"] = f"Bearer {tokens_of(client)['access']}"
    give_app(carla)
    if way == "token":
        access = log_in(client, code=code_at()).json()["access"]
        headers["Authorization"] = f"Bearer {access}"
    if way == "session":
        client.force_login(carla)
    if way.startswith("key"):
        carla.is_second_factor_used = way == "key"  # by the log-in that makes the key
        _key, secret = create_key(user=carla, name="k", scopes=["read"], days=30, at=timezone.now())
        headers["Authorization"] = f"Bearer {secret}"

    answer = client.get(f"{ACCOUNTS}user/", headers=headers)

    refused = way in ("token without code", "session", "key without")
    assert answer.status_code == (403 if refused else 200)
    assert not refused or answer.json()["code"] == "second_factor_required"
