"""`Idempotency-Key`: one effect, the same response."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert
from mainapp.api.models import KeptAnswer
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
