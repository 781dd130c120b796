import logging
import os
import socket
import subprocess
import sys
import time
from importlib import import_module
from threading import Event

import pytest

from mainapp.core.contexts import Context
from mainapp.core.telemetry.sending import BoundedSender
from mainapp.core.telemetry.tracing import current_parent, traced, use_tracer


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def hanging_collector():
    """The address of a server that accepts connections and never replies."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_items_are_sent_in_order():
    batches = []
    sender = BoundedSender(lambda batch: batches.append(batch) or True, pause_s=0)
    for number in range(20):
        sender.put(number)

    wait_until(lambda: sender.sent == 20)
    assert [number for batch in batches for number in batch] == list(range(20))
    assert sender.dropped == {}


def test_a_hanging_collector_delays_nobody_and_drops_are_counted():
    hangs = Event()
    sender = BoundedSender(lambda _batch: hangs.wait(10), size=5, pause_s=0)
    sender.put(0)
    wait_until(lambda: sender._queue.empty())
    for number in range(105):
        sender.put(number)

    assert sender.dropped == {"queue_full": 100}
    assert sender._queue.qsize() == 5
    hangs.set()
    wait_until(lambda: sender.sent == 6)


@pytest.mark.parametrize("answer", [lambda _batch: False, lambda _batch: 1 / 0])
def test_refused_batches_are_counted_and_logged_once(answer, caplog):
    sender = BoundedSender(answer, pause_s=0)
    for number in range(1, 4):
        sender.put(number)
        wait_until(lambda number=number: sender.dropped["not_accepted"] == number)

    assert [record.message for record in caplog.records] == ["the collector accepts no traces"]


def test_without_a_collector_nothing_is_traced():
    with traced(Context("r", "page"), name="GET", kind="server", headers={}) as span:
        span["a"] = 1
        assert current_parent() == ""


# The packages of requirements-observe.txt are optional: see `make observe`.


def test_personal_data_and_secrets_stay_here(hanging_collector):
    sentry_sdk = pytest.importorskip("sentry_sdk")
    errors = import_module("mainapp.core.telemetry.errors")
    events = []
    errors.start(
        f"http://key@{hanging_collector}/1", "web", lambda text: text.replace("hunter2", "…")
    )
    client = sentry_sdk.get_client()
    client.transport.capture_envelope = lambda envelope: events.append(envelope.get_event())
    password = "hunter2"
    try:
        raise ValueError(f"password {password}")
    except ValueError:
        logging.getLogger("x").exception(
            "failed with %s", password, extra={"user": "-".join("ana")}
        )
    sentry_sdk.init()

    (event,) = events
    assert "hunter2" not in str(event)
    assert "a-n-a" not in str(event)
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert "vars" not in str(event)


def test_a_task_continues_the_trace_of_its_page(hanging_collector, monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{hanging_collector}")
    spans_module = import_module("mainapp.core.telemetry.spans")
    tracer = spans_module.OpenTelemetryTracer("web")
    spans = []
    monkeypatch.setattr(tracer.sender, "put", spans.append)
    use_tracer(tracer)
    try:
        with traced(Context("r-1", "page"), name="GET", kind="server", headers={}):
            headers = {"traceparent": current_parent()}
        with traced(Context("r-1", "task"), name="deliver", kind="consumer", headers=headers):
            pass
    finally:
        use_tracer(None)

    page, task = spans
    assert task.parent.span_id == page.context.span_id
    assert task.context.trace_id == page.context.trace_id
    assert task.attributes["pregao.request_id"] == page.attributes["pregao.request_id"] == "r-1"


LOADS_EVERYTHING = """
import django, sys
django.setup()
import project.asgi, project.serve, project.scheduler, project.celery
import celery.apps.worker, celery.apps.beat
from mainapp.core.processes import announce_start
for role in ("web", "worker", "beat", "stream"):
    announce_start(role)
names = ("sentry_sdk", "opentelemetry.exporter", "mainapp.core.telemetry.spans")
print([name for name in names if name in sys.modules])
"""


def test_without_settings_nothing_is_imported_by_any_process():
    """Not even where the packages are; redis-py then imports OpenTelemetry's API and SDK itself."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-c", LOADS_EVERYTHING],
        env={**os.environ, "SENTRY_DSN": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"
