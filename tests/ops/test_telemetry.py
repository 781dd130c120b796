"""Collectors that hang: the site does not wait for them. Needs the packages of `make observe`."""

import re
import socket
import time
from threading import Thread

import pytest

from tests.instances import get, instance, wait_for

REQUESTS = 40


@pytest.fixture
def hanging_collector():
    """Return the address of a server that accepts connections and never replies."""
    accepted = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    accepted.append(server.accept()[0])
                except OSError:
                    return

        Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", accepted
    for connection in accepted:
        connection.close()


def test_a_hanging_collector_delays_nothing_and_drops_are_visible(data_dir, hanging_collector):
    pytest.importorskip("sentry_sdk")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    address, accepted = hanging_collector
    with instance(
        data_dir,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}",
        OTEL_EXPORTER_OTLP_TIMEOUT="2",
        SENTRY_DSN=f"http://key@{address}/1",
    ) as started:
        wait_for(lambda: accepted, 20, "a connection of an exporter")
        durations = []
        for _number in range(REQUESTS):
            began_at = time.monotonic()
            assert get(f"{started.url}/privacy/")[0] == 200
            durations.append(time.monotonic() - began_at)

        def dropped():
            text = get(f"{started.url}/metrics")[1]
            pattern = r'^pregao_telemetry_dropped_total\{exporter="otlp".*\} (\d+)'
            return sum(map(int, re.findall(pattern, text, re.M)))

        wait_for(lambda: dropped() >= REQUESTS, 60, "counted drops")

    # An exporter in the request's path would take 2 s for each.
    assert sum(durations) < 2 * REQUESTS / 2
