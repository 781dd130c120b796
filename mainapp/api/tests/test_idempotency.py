"""`Idempotency-Key`: one effect, the same response."""

import json
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from threading import Barrier, Thread
from typing import ClassVar

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.api.models import KeptAnswer
from mainapp.core.redis import client as redis_client
from mainapp.forum.models import Room
from mainapp.market.tests.factories import StockFactory

V1 = "/api/v1/"
ALERT = {"ativo": "PETR4", "venda": "40"}


@pytest.fixture
def api(alice, client):
    StockFactory(symbol="PETR4")
    client.force_login(alice)
    return client


def send(client, path, data=None, *, key="k-1", method="post"):
    return getattr(client, method)(
        V1 + path, data or {}, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_repeated_request_has_one_effect_and_the_same_answer(api):
    first, repeated = send(api, "alerts/", ALERT), send(api, "alerts/", ALERT)

    assert (repeated.status_code, repeated.json()) == (201, first.json())
    assert "Idempotent-Replayed" not in first
    assert repeated["Idempotent-Replayed"] == "true"
    assert Alert.objects.count() == 1


def test_other_address_of_an_operation_is_the_same_request(api):
    headers = {"Idempotency-Key": "k-1"}
    first, *others = (
        api.post(path, ALERT, content_type="application/json", headers=headers)
        for path in ("/api/v1/alerts/", "/api/alerts/", "/api/v1/alerts", "/api/alerts")
    )

    assert [(other.status_code, other.json()) for other in others] == [(201, first.json())] * 3
    assert Alert.objects.count() == 1


def test_answer_without_a_body_is_repeated(api):
    pk = send(api, "alerts/", ALERT).json()["id"]
    codes = [send(api, f"alerts/{pk}/", key="k-2", method="delete").status_code for _ in range(2)]

    assert codes == [204, 204]


@pytest.mark.parametrize(
    ("path", "data"),
    [("alerts/", ALERT | {"venda": "41"}), ("alerts/create/", ALERT), ("rooms/", ALERT)],
)
def test_key_of_another_request_is_a_conflict(api, path, data):
    send(api, "alerts/", ALERT)
    response = send(api, path, data)

    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert Alert.objects.count() == 1


def test_keys_are_separate_for_each_user(api, bob):
    send(api, "alerts/", ALERT)
    api.force_login(bob)

    assert send(api, "alerts/", ALERT).status_code == 201
    assert {alert.owner.username for alert in Alert.objects.all()} == {"alice", "bob"}


def test_refused_request_may_be_corrected_under_the_same_key(api):
    assert send(api, "alerts/", ALERT | {"ativo": "XXXX3"}).status_code == 400
    assert KeptAnswer.objects.count() == 0
    assert send(api, "alerts/", ALERT).status_code == 201


def test_saved_answer_expires_after_a_day(api):
    send(api, "alerts/", ALERT)
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59), tick=False):
        assert send(api, "alerts/", ALERT)["Idempotent-Replayed"] == "true"
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1), tick=False):
        assert send(api, "alerts/", ALERT).status_code == 201
    assert Alert.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_key_has_a_length(api, key):
    assert send(api, "alerts/", ALERT, key=key).status_code == 400
    assert Alert.objects.count() == 0


def test_reading_needs_no_key(api):
    assert send(api, "alerts/", method="get").status_code == 200
    assert KeptAnswer.objects.count() == 0


def test_lost_refresh_answer_is_repeated(db, client):
    User.objects.create_user("carla", password="correto cavalo 9")
    names = {"username": "carla", "password": "correto cavalo 9"}
    refresh = {"refresh": send(client, "accounts/login/", names).json()["refresh"]}
    first = send(client, "accounts/refresh/", refresh, key="k-2").json()

    assert send(client, "accounts/refresh/", refresh, key="k-2").json() == first
    assert send(client, "accounts/refresh/", refresh, key="k-3").status_code == 401


def everything_stored():
    """Return all strings of all tables, and the keys and values in Redis."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own tables' names
            texts += [str(value) for row in cursor.fetchall() for value in row]
    for name in redis_client().scan_iter():
        texts += [str(name), str(redis_client().dump(name))]
    return "\n".join(texts)


def test_no_secret_is_stored(db, client):
    password = "correto cavalo 9"
    account = {"username": "carla", "email": "carla@example.org", "password": password}
    assert send(client, "accounts/register/", account).status_code == 201
    names = {"username": "carla", "password": password}
    first = send(client, "accounts/login/", names, key="k-2").json()
    second = send(client, "accounts/refresh/", {"refresh": first["refresh"]}, key="k-3").json()
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {second['access']}"
    ticket = send(client, "ws-ticket/", key="k-4").json()["ticket"]
    send(client, "alerts/", {}, key="k-5")
    stored = everything_stored()

    assert KeptAnswer.objects.count() == 2  # of the registration and the exchange
    assert "carla@example.org" in stored
    for secret in (*first.values(), *second.values()):
        assert secret.rpartition(".")[2] not in stored  # the signature
    assert ticket not in stored
    assert password not in stored
    for body in (account, names):
        for path in ("register", "login"):
            head = f"POST {V1}accounts/{path}/\n"
            assert sha256(f"{head}{json.dumps(body)}".encode()).hexdigest() not in stored


def test_secrets_of_earlier_versions_are_deleted(alice):
    expires_at = timezone.now() + timedelta(days=1)
    KeptAnswer.objects.create(scope="s", key="k", fingerprint="f", body="x", created_at=expires_at)
    OutstandingToken.objects.create(user=alice, jti="1", token="a.b.c", expires_at=expires_at)

    import_module("mainapp.api.migrations.0002_forget_secrets").forget(apps, None)

    assert not KeptAnswer.objects.exists()
    assert OutstandingToken.objects.get().token == ""


def test_key_before_a_log_in_belongs_to_the_content(db, client):
    other = Client(REMOTE_ADDR="203.0.113.9")
    carla = {"username": "carla", "email": "carla@example.org", "password": "correto cavalo 9"}
    joana = carla | {"username": "joana", "email": "joana@example.org"}
    assert send(client, "accounts/register/", carla).status_code == 201

    # Another client's equal key is no conflict, and reveals no response.
    assert send(other, "accounts/register/", joana).json()["username"] == "joana"
    guessed = carla | {"password": "outro cavalo 10"}
    assert send(other, "accounts/register/", guessed).status_code == 400
    # The same client on another network gets its response.
    assert send(other, "accounts/register/", carla)["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("path", ["login/", "token/"])
def test_log_in_ignores_the_key(db, client, path):
    User.objects.create_user("carla", password="correto cavalo 9")
    names = {"username": "carla", "password": "correto cavalo 9"}
    pairs = [send(client, f"accounts/{path}", names).json() for _ in range(2)]

    assert pairs[0] != pairs[1]
    assert KeptAnswer.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["register/", "login/", "token/"])
@pytest.mark.parametrize("key", [{"Idempotency-Key": "k-1"}, {}])
def test_no_transaction_is_open_while_a_password_is_hashed(client, settings, path, key):
    User.objects.create_user("joana", password="correto cavalo 9")
    names = {"username": "joana", "password": "correto cavalo 9"}
    if path == "register/":
        names = names | {"username": "carla", "email": "carla@example.org"}
    settings.PASSWORD_HASHERS = [f"{__name__}.Watched"]
    Watched.seen = []

    response = client.post(
        f"{V1}accounts/{path}", names, content_type="application/json", headers=key
    )

    assert response.status_code in (200, 201), response.content
    assert Watched.seen == [False] * len(Watched.seen) != []


class Watched(MD5PasswordHasher):
    """Records whether the database is locked by a transaction at each hash."""

    seen: ClassVar = []

    def encode(self, password, salt):
        Watched.seen.append(connection.in_atomic_block)
        return super().encode(password, salt)


def in_parallel(count, request_once):
    """Return the responses to `count` requests that start together."""
    responses, start = [], Barrier(count)

    def run(n):
        client = Client()
        client.force_login(User.objects.get(username="alice"))
        connection.close()  # waiting with it would empty the pool
        start.wait(30)
        responses.append(request_once(client, n))
        connection.close()

    threads = [Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return responses


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_have_one_effect_and_one_answer(alice):
    StockFactory(symbol="PETR4")
    responses = in_parallel(20, lambda client, _n: send(client, "alerts/", ALERT))

    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert Alert.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_quota_of_rooms_is_exact_under_concurrent_requests(alice, settings):
    settings.ROOMS_A_DAY = 5
    responses = in_parallel(
        20, lambda client, n: send(client, "rooms/", {"name": f"Sala {n}"}, key=f"k-{n}")
    )

    codes = sorted(response.status_code for response in responses)
    assert codes == [201] * 5 + [429] * 15
    assert Room.objects.count() == 5
    refused = next(response for response in responses if response.status_code == 429)
    assert int(refused["Retry-After"]) > 86_000
