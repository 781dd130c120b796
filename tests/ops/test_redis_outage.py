"""Recovery of worker and beat after an outage of Redis."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from project.launcher import BEAT, WORKER
from tests.instances import ROOT, START_S, RedisServer, environment, redis_key, wait_for

# Celery retries after 2, 6 and 12 s by default: it would recover 5 s after this outage.
OUTAGE_S = 7
# Half a second until the next attempt, and a margin for a busy machine.
BACK_WITHIN_S = 2.5


@pytest.fixture
def server(tmp_path):
    started = RedisServer(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def env_vars(data_dir, server):
    variables: dict[str, Any] = {
        "DATA_DIR": str(data_dir),
        "REDIS_URL": f"unix://{server.path}",
        "SECRET_KEY": "x" * 60,
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
    }
    return variables


@pytest.fixture
def start(tmp_path, env_vars):
    """Return a function that starts a Celery command and returns the path of its output."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_(command):
        log = tmp_path / f"{len(processes)}.log"
        with log.open("w") as output:
            process = subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, *command.split()],
                env=environment(**env_vars),
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


def queue_update(server, number):
    """Queue update_stock for one symbol as a Celery client does; return the task's id."""
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


def test_worker_and_beat_resume_soon_after_an_outage(server, start):
    start(WORKER)
    beat_log = start(BEAT)
    first = queue_update(server, 1)
    wait_for(lambda: is_done(server, first), START_S, "a worker")
    wait_for(lambda: server.client.exists(redis_key("beat")), START_S, "a beat")

    server.kill()
    time.sleep(OUTAGE_S)
    server.start()
    back_at = time.monotonic()
    second = queue_update(server, 2)

    wait_for(lambda: is_done(server, second), 10, "the worker again")
    assert time.monotonic() - back_at <= BACK_WITHIN_S
    wait_for(lambda: server.client.exists(redis_key("beat")), 3, "beat's lease again")
    # Beat notices the outage when it renews its lease, or earlier if a task was due before that.
    log = beat_log.read_text()
    reports = [log.count("beat's lease was not renewed"), log.count("beat: Connection error")]
    assert max(reports) == 1
