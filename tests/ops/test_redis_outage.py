"""After Redis was away, worker and beat are at work again at once."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from project.launcher import BEAT, WORKER
from tests.instances import ROOT, START_S, RedisServer, environment, redis_key, wait_for

# Celery's own pace, at 2, 6 and 12 s, would be back five seconds after this.
OUTAGE_S = 7
# Half a second to the next try, and what a busy machine adds.
BACK_WITHIN_S = 2.5


@pytest.fixture
def server(tmp_path):
    started = RedisServer(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def given(data_dir, server):
    variables: dict[str, Any] = {
        "DATA_DIR": str(data_dir),
        "REDIS_URL": f"unix://{server.path}",
        "SECRET_KEY": "x" * 60,
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
    }
    return variables


@pytest.fixture
def start(tmp_path, given):
    """Return a starter of a Celery command; its output is in the file it returns."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_(command):
        log = tmp_path / f"{len(processes)}.log"
        with log.open("w") as output:
            process = subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, *command.split()],
                env=environment(**given),
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        processes.append(process)
        return log

    yield start_
    for process in processes:
        process.kill()
        process.wait()


def ask(server, number):
    """Send update_stock for one symbol as any Celery client would; return its id."""
    body = json.dumps([[["PETR4"]], {}, {}])
    task_id = f"00000000-0000-0000-0000-{number:012}"
    message = {
        "body": body,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "update_stock", "id": task_id, "lang": "py"},
        "properties": {
            "correlation_id": task_id,
            "delivery_info": {"exchange": "", "routing_key": "listed"},
            "delivery_tag": task_id,
        },
    }
    server.client.lpush(redis_key("celery", "listed"), json.dumps(message))
    return task_id


def is_done(server, task_id):
    return server.client.exists(redis_key("celery", f"celery-task-meta-{task_id}"))


def test_worker_and_beat_are_back_at_once(server, start):
    start(WORKER)
    beat_log = start(BEAT)
    first = ask(server, 1)
    wait_for(lambda: is_done(server, first), START_S, "a worker")
    wait_for(lambda: server.client.exists(redis_key("beat")), START_S, "a beat")

    server.kill()
    time.sleep(OUTAGE_S)
    server.start()
    back_at = time.monotonic()
    second = ask(server, 2)

    wait_for(lambda: is_done(server, second), 10, "the worker again")
    assert time.monotonic() - back_at <= BACK_WITHIN_S
    wait_for(lambda: server.client.exists(redis_key("beat")), 3, "beat's lease again")
    # Beat meets the outage when it renews its lease, or before when a task was due at that moment.
    log = beat_log.read_text()
    reports = [log.count("beat's lease was not renewed"), log.count("beat: Connection error")]
    assert max(reports) == 1
