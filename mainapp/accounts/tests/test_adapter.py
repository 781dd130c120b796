import logging
import time

import pytest
import redis
from django.contrib.auth import SESSION_KEY

from mainapp.accounts.models import User
from mainapp.accounts.tests.people import PASSWORD, log_in
from mainapp.core.limits import redis_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def tries(alice, client):
    """Return a function that makes log-ins with a wrong password and returns their statuses."""

    def try_(times, *names, **more):
        return [
            log_in(client, names[n % len(names)], "x", **more).status_code for n in range(times)
        ]

    return try_


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_five_wrong_passwords_per_name_are_allowed(tries, client, name):
    assert tries(5, name, name.upper()) == [200] * 5

    refused = log_in(client, name)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    assert "Tentativas demais" in refused.content.decode()
    assert SESSION_KEY not in client.session
    assert log_in(client, "bob", "x").status_code == 200


def test_a_refusal_is_in_the_readers_language(tries, client):
    tries(5, "alice")
    client.cookies["django_language"] = "en"

    assert "Too many tries" in log_in(client).content.decode()


def test_forwarding_headers_do_not_evade_the_limit_of_an_address(tries, client):
    names = [f"user{n}" for n in range(11)]

    assert tries(10, *names) == [200] * 10
    headers = {"x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7"}
    assert log_in(client, "someone", "x", headers=headers).status_code == 429
    client.defaults["REMOTE_ADDR"] = "203.0.113.7"
    assert log_in(client, "someone", "x").status_code == 200


def test_clients_without_an_address_share_one_limit(tries, client):
    client.defaults["REMOTE_ADDR"] = ""

    assert tries(11, *(f"user{n}" for n in range(11))) == [200] * 10 + [429]


@pytest.mark.parametrize(
    ("path", "field"), [("/register/", "username"), ("/accounts/password/reset/", "email")]
)
def test_sign_up_and_reset_are_limited(client, path, field):
    statuses = [client.post(path, {field: f"user{n}@example.com"}).status_code for n in range(21)]

    assert statuses[-1] == 429
    assert set(statuses[:-1]) <= {200, 302}


def test_limits_are_counted_in_redis_across_processes(tries, settings):
    tries(1, "alice")

    counted = [
        key for key in redis.from_url(settings.REDIS_URL).scan_iter() if b":limit:log-ins" in key
    ]
    assert len(counted) == 4  # requests by address; failures by address, name and account


def test_log_in_works_without_redis_and_is_logged(client, alice, monkeypatch, tmp_path, caplog):
    unreachable = redis.Redis(unix_socket_path=f"{tmp_path}/none.sock", retry=None)
    monkeypatch.setattr(redis_store, "client", lambda: unreachable)
    monkeypatch.setattr(redis_store._Outage, "until", 0.0)
    started = time.monotonic()

    with caplog.at_level(logging.WARNING, "mainapp.core.limits"):
        assert log_in(client).status_code == 302

    assert time.monotonic() - started < 1
    assert client.session[SESSION_KEY] == str(alice.pk)
    assert [record.name for record in caplog.records] == ["mainapp.core.limits.redis_store"]


def test_full_width_letters_in_a_username_become_ascii(client):
    form = {"username": "\uff21NA", "email": "ana@example.com"}
    client.post("/register/", form | {"password1": PASSWORD, "password2": PASSWORD})

    assert [user.username for user in User.objects.all()] == ["ANA"]
