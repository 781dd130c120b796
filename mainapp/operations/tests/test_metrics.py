import os
import time
from datetime import timedelta
from importlib import import_module

import pytest
import redis
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from mainapp.alerts.tests.factories import make_alert
from mainapp.core.consumers import open_sockets
from mainapp.core.redis import client as redis_client
from mainapp.core.redis import key
from mainapp.market.models import LastQuote
from mainapp.market.services.recording import record_quotes
from mainapp.market.tests.factories import StockFactory
from mainapp.market.tests.quotes import make_quote
from mainapp.notifications.models import Delivery
from mainapp.notifications.tests.factories import delivery
from mainapp.operations import board
from mainapp.operations.board import Meter, read_totals, readings
from mainapp.operations.selectors.metrics import metrics

TOKEN = "t" * 40
meter_module = import_module("mainapp.operations.board.meter")


@pytest.fixture(autouse=True)
def _forgotten(db):
    redis_client().delete(board.REGISTRY.key)


@pytest.fixture
def read(client):
    """Return the samples of /metrics, by name and labels without the process."""

    def read_samples():
        response = client.get("/metrics")
        assert response.status_code == 200
        samples = {}
        for family in text_string_to_metric_families(response.content.decode()):
            for sample in family.samples:
                labels = [
                    value for name, value in sorted(sample.labels.items()) if name != "process"
                ]
                samples[sample.name, *labels] = sample.value
        return samples

    return read_samples


def record(price, at):
    record_quotes(quotes=[make_quote("PETR4", price, quoted_at=at)], at=at)


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        ("", {"REMOTE_ADDR": "127.0.0.1"}, 200),
        ("", {"REMOTE_ADDR": "::1"}, 200),
        ("", {"REMOTE_ADDR": "203.0.113.7"}, 404),
        ("", {"REMOTE_ADDR": ""}, 404),
        ("", {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
        ("", {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=x"}, 404),
        ("", {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": "Bearer "}, 404),
        (TOKEN, {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        (TOKEN, {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}é"}, 404),
        (TOKEN, {"REMOTE_ADDR": "203.0.113.7", "HTTP_AUTHORIZATION": TOKEN}, 404),
    ],
)
def test_metrics_are_for_the_token_and_this_machine(client, settings, token, header, status):
    settings.METRICS_TOKEN = token

    assert client.get("/metrics", **header).status_code == status


def test_metrics_include_quotes_and_the_outbox(read):
    now = timezone.now()
    StockFactory(symbol="PETR4")
    record("37.00", now - timedelta(seconds=90))
    delivery()
    Delivery.objects.update(created_at=now - timedelta(seconds=60))

    samples = read()

    assert 90 <= samples["pregao_quote_age_seconds",] < 100
    assert samples["pregao_outbox_depth", "email"] == 1
    assert samples["pregao_outbox_depth", "webhook"] == 0
    assert 60 <= samples["pregao_outbox_age_seconds", "email"] < 70
    assert samples["pregao_up", "redis"] == samples["pregao_up", "database"] == 1
    assert samples["pregao_source_up", "simulated"] == 1
    assert samples["pregao_source_errors_total", "simulated"] == 0


def test_lag_of_an_alert_is_from_its_quote_to_its_mail(read, alice):
    now = timezone.now()
    alice.email = "alice@example.org"
    alice.save()
    StockFactory(symbol="PETR4")
    record("37.00", now - timedelta(seconds=30))
    make_alert(alice, compra="36.00", at=now - timedelta(seconds=25))
    record("35.00", now - timedelta(seconds=20))
    assert ("pregao_alert_lag_seconds", "0.5") not in read()
    Delivery.objects.update(state="sent", sent_at=now - timedelta(seconds=15))

    assert read()["pregao_alert_lag_seconds", "0.99"] == pytest.approx(5, abs=0.01)


def test_responses_are_counted_by_view(read, client):
    before = read().get(("pregao_response_seconds_count", "privacy"), 0)
    client.get("/privacy/")

    samples = read()

    assert samples["pregao_response_seconds_count", "privacy"] == before + 1
    assert samples["pregao_response_seconds_bucket", "+Inf", "privacy"] == before + 1
    assert samples["pregao_response_seconds_sum", "privacy"] > 0


def test_totals_are_those_of_all_processes(read):
    first, second = Meter(), Meter()
    before = read()
    first.observe("response_seconds", "home", seconds=0.02)
    first.observe("response_seconds", "home", seconds=9.0)
    second.observe("response_seconds", "home", seconds=0.2)
    for meter in (first, second):
        meter.publish()

    samples = read()

    def increase(name, *labels):
        return samples[name, *labels] - before.get((name, *labels), 0)

    assert increase("pregao_response_seconds_bucket", "0.01", "home") == 0
    assert increase("pregao_response_seconds_bucket", "0.025", "home") == 1
    assert increase("pregao_response_seconds_bucket", "0.25", "home") == 2
    assert increase("pregao_response_seconds_bucket", "+Inf", "home") == 3
    assert increase("pregao_response_seconds_sum", "home") == pytest.approx(9.22)


def test_an_addition_whose_reply_was_lost_counts_once(monkeypatch):
    meter = Meter()
    meter.count("tasks", "lost-reply", "success")
    real = meter_module.add

    def add_then_fail(**options):
        real(**options)
        raise redis.TimeoutError

    monkeypatch.setattr(meter_module, "add", add_then_fail)
    with pytest.raises(redis.TimeoutError):
        meter.publish()
    monkeypatch.undo()
    meter.count("tasks", "lost-reply", "success", amount=2)
    meter.publish()
    meter.publish()

    assert read_totals()["tasks", "lost-reply", "success"] == 3


def test_a_forked_process_counts_for_itself():
    parent = Meter()
    parent.count("tasks", "forked", "success")
    reader, writer = os.pipe()
    if not (pid := os.fork()):
        os.write(writer, f"{parent.process} {parent._amounts.get(('tasks', 'forked'))}".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    name, amount = os.read(reader, 100).decode().split()

    assert name != parent.process
    assert amount == "None"


def test_measurements_of_an_ended_process_expire_and_its_counts_stay(read):
    ended = Meter()
    ended.count("tasks", "ended", "success")
    ended.publish()
    assert ended.process in {reading.process for reading in readings()}
    redis_client().delete(key("meter", ended.process))

    assert ended.process not in {reading.process for reading in readings()}
    assert read()["pregao_tasks_total", "success", "ended"] == 1


async def test_open_sockets_are_counted(websocket):
    before = open_sockets["StockConsumer"]
    async with websocket("/ws/stock/track/") as socket:
        await socket.next("snapshot")
        assert open_sockets["StockConsumer"] == before + 1

    assert open_sockets["StockConsumer"] == before


@pytest.mark.parametrize("count", [3, 30])
def test_queries_of_a_scrape_are_few_and_constant(count, django_assert_num_queries):
    for _number in range(count):
        delivery()
    now = timezone.now()

    with django_assert_num_queries(7 if connection.vendor == "postgresql" else 6):
        list(metrics(at=now))

    assert not LastQuote.objects.exists()


def test_measuring_a_response_costs_microseconds(db):
    meter = Meter()
    meter.observe("response_seconds", "home", seconds=0.01)
    started_at = time.process_time()
    for _number in range(2000):
        meter.observe("response_seconds", "home", seconds=0.01)

    assert (time.process_time() - started_at) / 2000 < 20e-6
