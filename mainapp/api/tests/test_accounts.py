"""Sign-up, tokens, the account, and what every refusal looks like."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from mainapp.accounts.models import Preferences, User

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
    answer = post(client, "login/", {"username": "carla", "password": "correto cavalo 9"})
    assert answer.status_code == 200
    return answer.json()


def user(client, access):
    return client.get(f"{ACCOUNTS}user/", headers={"Authorization": f"Bearer {access}"})


def test_registering_makes_an_account_that_can_log_in(db, client):
    answer = post(client, "register/", SIGN_UP)

    assert answer.status_code == 201
    assert answer.json() == {
        "username": "carla",
        "email": "carla@example.org",
        "verification": "none",
    }
    assert user(client, tokens_of(client)["access"]).json()["username"] == "carla"
    assert "sessionid" not in client.cookies


def test_registering_names_what_is_wrong_by_field(carla, client):
    answer = post(client, "register/", SIGN_UP | {"username": "CARLA", "password": "123"})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert answer.json()["fields"].keys() == {"username", "email", "password"}


def test_registering_with_two_passwords_is_refused(db, client):
    answer = post(client, "register/", SIGN_UP | {"password2": "outra coisa 9"})

    assert answer.json()["fields"].keys() == {"password2"}


@pytest.fixture
def _mandatory(settings):
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.mark.usefixtures("_mandatory")
def test_registering_with_a_taken_email_tells_nothing(carla, client, mailoutbox):
    EmailAddress.objects.create(user=carla, email=carla.email, primary=True, verified=True)
    free = post(client, "register/", SIGN_UP | {"username": "dora", "email": "dora@example.org"})
    taken = post(client, "register/", SIGN_UP | {"username": "duda"})

    assert taken.status_code == free.status_code == 201
    assert taken.json() == free.json() | {"username": "duda", "email": "carla@example.org"}
    assert dict(taken.cookies) == dict(free.cookies)
    logins = [
        post(client, "login/", {"username": name, "password": SIGN_UP["password"]})
        for name in ("dora", "duda")
    ]
    assert [answer.json()["code"] for answer in logins] == ["email_unverified"] * 2
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
def test_login_takes_a_username_or_an_email(carla, client, path, name):
    known = {"username": "Carla", "email": "carla@example.org"}[name]
    answer = post(client, path, {name: known, "password": "correto cavalo 9"})

    assert answer.status_code == 200
    assert answer.json().keys() == {"access", "refresh"}


def test_login_without_a_name_is_refused(db, client):
    answer = post(client, "login/", {"password": "x"})

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["username"])


def test_unknown_name_and_wrong_password_are_the_same(carla, client):
    wrong = post(client, "login/", {"username": "carla", "password": "x"})
    unknown = post(client, "login/", {"username": "ninguem", "password": "x"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "invalid_credentials"


def test_login_hashes_once_whoever_is_named(carla, client, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415 - the tests' own

    made, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: made.append(1) or encode(*args))
    for name in ("carla", "ninguem", "carla@example.org", "ninguem@example.org"):
        made.clear()
        post(client, "login/", {"username": name, "password": "x"})
        assert (name, len(made)) == (name, 1)


def test_guessing_a_password_is_limited(carla, client):
    answers = [post(client, "login/", {"username": "carla", "password": "x"}) for _ in range(12)]

    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1]["Retry-After"]) > 0
    right = post(client, "login/", {"username": "carla", "password": "correto cavalo 9"})
    assert right.status_code == 429


@pytest.mark.parametrize("path", ["refresh/", "token/refresh/"])
def test_refresh_token_is_exchanged_once(carla, client, path):
    first = tokens_of(client)
    second = post(client, path, {"refresh": first["refresh"]})

    assert second.status_code == 200
    assert user(client, second.json()["access"]).status_code == 200
    again = post(client, path, {"refresh": first["refresh"]})
    assert (again.status_code, again.json()["code"]) == (401, "login_required")
    assert post(client, path, {"refresh": second.json()["refresh"]}).status_code == 200


def test_logout_ends_the_refresh_token(carla, client):
    pair = tokens_of(client)
    bearer = {"Authorization": f"Bearer {pair['access']}"}

    assert post(client, "logout/", {"refresh": pair["refresh"]}, **bearer).status_code == 204
    assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_logout_ends_nobody_elses_token(carla, client, bob):
    refresh = tokens_of(client)["refresh"]
    client.force_login(bob)

    assert post(client, "logout/", {"refresh": refresh}).status_code == 401
    client.logout()
    assert post(client, "refresh/", {"refresh": refresh}).status_code == 200


@pytest.mark.parametrize("what", ["password", "deactivation", "deletion"])
def test_tokens_die_with_the_login(carla, client, what):
    pair = tokens_of(client)
    if what == "password":
        carla.set_password("outra senha 123")
        carla.save()
    elif what == "deactivation":
        User.objects.update(is_active=False)
    else:
        carla.delete()

    assert user(client, pair["access"]).status_code == 401
    assert post(client, "refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_access_token_is_no_refresh_token(carla, client):
    pair = tokens_of(client)

    assert post(client, "refresh/", {"refresh": pair["access"]}).status_code == 401
    assert user(client, pair["refresh"]).status_code == 401


def test_account_is_told_and_changed(carla, client):
    client.force_login(carla)
    changes = {"display_name": "Carla R.", "theme": "dark", "monitoring_minutes": 15}
    answer = client.patch(f"{ACCOUNTS}user/", changes, content_type="application/json")

    assert answer.status_code == 200
    told = client.get(f"{ACCOUNTS}user/").json()
    assert told == answer.json()
    assert told | changes == told
    assert told["date_joined"].endswith("Z")
    assert Preferences.objects.get().monitoring_minutes == 15


def test_account_keeps_what_is_not_ones_to_change(carla, client):
    client.force_login(carla)
    changes = {"username": "root", "access_level": "admin", "email": "x@example.org"}
    client.patch(f"{ACCOUNTS}user/", changes, content_type="application/json")

    carla.refresh_from_db()
    assert (carla.username, carla.access_level) == ("carla", "user")
    assert carla.email == "carla@example.org"


# Every refusal -----------------------------------------------------------------------------------


def test_session_needs_the_csrf_token(carla):
    client = Client(enforce_csrf_checks=True)
    client.force_login(carla)
    answer = client.patch(f"{ACCOUNTS}user/", {}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


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
def test_refusals_have_one_shape(db, client, method, path, status, code):
    answer = getattr(client, method)(f"/api/v1/{path}", headers={"accept": "text/html"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().keys() == {"code", "message", "fields"}
    assert answer.json()["message"]


@pytest.mark.parametrize("body", ["{", "NaN", "[" * 100_000, '"\\ud800"', "[]", "1", "\xff"])
def test_what_is_no_object_is_refused(db, client, body):
    answer = client.post(f"{ACCOUNTS}login/", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["code"] in ("bad_request", "invalid")


def test_refusals_are_in_the_readers_language(db, client):
    told = [
        client.get("/api/v1/nada/", headers={"accept-language": language}).json()["message"]
        for language in ("pt-BR", "en")
    ]
    assert told[0] == "Isto não existe."
    assert told[1] != told[0]


def test_requests_are_limited_by_user_and_by_address(carla, client, settings):
    settings.API_REQUESTS_A_MINUTE_USER, settings.API_REQUESTS_A_MINUTE_ADDRESS = 2, 4
    client.force_login(carla)
    answers = [client.get(f"{ACCOUNTS}user/") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0", "0", "0"]
    assert [answer["RateLimit-Limit"] for answer in answers] == ["2", "2", "2", "2", "4"]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    client.logout()
    assert client.get("/api/v1/accounts/user/").status_code == 429
