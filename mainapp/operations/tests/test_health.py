import re
import time
from datetime import timedelta
from threading import Event

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from mainapp.core import static_files
from mainapp.core.redis import client as redis_client
from mainapp.market import board
from mainapp.market.board import Board, FeedStatus
from mainapp.operations.views import health
from tests.redis_servers import server


@pytest.fixture(autouse=True)
def _empty_redis():
    client = redis_client()
    client.flushdb()
    yield
    client.flushdb()


@pytest.fixture
def leases():
    """The keys of a running instance in Redis."""
    now = timezone.now()
    simulated = Board(kind=settings.QUOTE_KIND)
    simulated.restore([])
    simulated.put([], FeedStatus(batch_at=now, next_due_at=now + timedelta(seconds=10)))
    simulated.renew_worker_lease()
    redis_client().set(board.BEAT.key, 1, px=5_000)


@pytest.fixture
def lost_redis(monkeypatch):
    """A Redis address without a server."""
    client = redis.Redis(unix_socket_path="/nonexistent", retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(health, "redis_client", lambda: client)


@pytest.fixture
def refusing_redis(tmp_path, monkeypatch):
    """The client of a separate Redis, for commands that make it refuse writes."""
    with server(tmp_path) as started:
        client = redis.Redis(port=started.port)
        monkeypatch.setattr(health, "redis_client", lambda: client)
        yield client
        client.close()


def test_healthz_answers_without_a_database(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db(transaction=True)
def test_readyz_reports_ok_for_each_part(client, leases):
    response = client.get("/readyz")

    assert response.json() == dict.fromkeys(health.CHECKS, "ok")
    assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_readyz_names_missing_parts_and_logs_no_error(client, caplog):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "database": "ok",
        "redis": "ok",
        "batch": "no batch of quotes yet",
        "worker": "no worker renews its lease",
        "beat": "no beat renews its lease",
        "static_files": "ok",
    }
    assert caplog.records == []


@pytest.mark.django_db(transaction=True)
def test_readyz_reports_the_age_of_an_overdue_batch(client, leases):
    now = timezone.now()
    late = FeedStatus(batch_at=now - timedelta(seconds=90), next_due_at=now - timedelta(seconds=80))
    Board(kind=settings.QUOTE_KIND).put([], late)

    assert client.get("/readyz").json()["batch"] == "the last batch is 90 s old"


@pytest.mark.django_db(transaction=True)
def test_readyz_reports_a_batch_of_the_future(client, leases):
    at = timezone.now() + timedelta(hours=1)
    ahead = FeedStatus(batch_at=at, next_due_at=at + timedelta(seconds=10))
    Board(kind=settings.QUOTE_KIND).put([], ahead)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert re.fullmatch(
        r"the last batch is (3599|3600) s in the future: a clock was set back",
        response.json()["batch"],
    )


@pytest.mark.django_db(transaction=True)
def test_readyz_answers_without_redis(client, lost_redis):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "database": "ok",
        "redis": "Redis does not answer",
        "batch": "Redis does not answer",
        "worker": "Redis does not answer",
        "beat": "Redis does not answer",
        "static_files": "ok",
    }


@pytest.mark.django_db(transaction=True)
def test_readyz_reports_missing_static_files(client, leases, monkeypatch):
    monkeypatch.setattr(static_files, "fault", lambda: "no static files are collected")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["static_files"] == "no static files are collected"


@pytest.mark.django_db(transaction=True)
def test_readyz_waits_for_a_hanging_check_until_its_timeout(client, leases, monkeypatch):
    assert health.TIMEOUT_S == 1.0
    monkeypatch.setattr(health, "TIMEOUT_S", 0.2)
    answered = Event()

    def hang():
        answered.wait(5)
        return "ok"

    monkeypatch.setitem(health.CHECKS, "database", hang)
    started_at = time.monotonic()

    response = client.get("/readyz")

    assert response.json()["database"] == "no answer within 0.2 s"
    assert time.monotonic() - started_at < 0.6
    answered.set()


@pytest.mark.parametrize(
    ("command", "state"),
    [
        ("REPLICAOF localhost 1", "Redis is read-only"),
        ("CONFIG SET maxmemory 1mb", "Redis is full"),
        ("CONFIG SET min-replicas-to-write 1", "Redis refuses writes"),
    ],
)
def test_check_redis_names_the_reason_of_refused_writes(refusing_redis, command, state):
    refusing_redis.execute_command(*command.split())

    assert health.check_redis() == state
    assert refusing_redis.ping()
