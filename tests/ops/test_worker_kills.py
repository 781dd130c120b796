"""Tasks of workers that are killed, frozen or shut down while they run."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.instances import ROOT, START_S, environment, redis_key, wait_for
from tests.redis_servers import HOST, server

LEASE_S = 3.0  # as in waiting_worker
INDEX = redis_key("celery", "unacked_index")
QUEUE = redis_key("celery", "celery")
WORKERS = 3


class Workers:
    """Workers on one Redis, and the tasks that wait in them."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.client = redis.Redis(HOST, port)
        url = f"redis://{HOST}:{port}/0"
        env_vars = {"DATA_DIR": str(folder), "REDIS_URL": url, "QUOTE_SOURCE": "simulated"}
        env_vars |= {"SECRET_KEY": "x" * 60, "ALLOW_SIMULATED": "1", "CELERY_SKIP_CHECKS": "1"}
        self.by_id = {}
        for number in range(WORKERS):
            with (folder / f"{number}.log").open("w") as log:
                process = subprocess.Popen(  # noqa: S603 - our own arguments
                    [sys.executable, "-m", "tests.ops.waiting_worker", str(number)],
                    env=environment(**env_vars),
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self.by_id[process.pid] = process
        wait_for(self._are_waiting, START_S, "workers that wait for tasks")

    def stop(self) -> None:
        for process in self.by_id.values():
            process.kill()
            process.wait()
        self.client.close()

    def start_task(self, name: str) -> int:
        """Queue a task and return the id of the process that runs it."""
        self.client.lpush(QUEUE, json.dumps(self._message(name)))
        return self.wait_for_runs(name, 1)[0]

    def end_task(self, name: str) -> list[int]:
        """Let a task end; return the ids of the processes that ran it."""
        (self.folder / f"{name}.end").touch()
        wait_for(lambda: not self.client.exists(INDEX), 10, "the acknowledgement")
        assert self.client.llen(QUEUE) == 0
        return self.runs(name)

    def runs(self, name: str) -> list[int]:
        path = self.folder / f"{name}.runs"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def wait_for_runs(self, name: str, count: int) -> list[int]:
        wait_for(lambda: len(self.runs(name)) >= count, 30, f"{count} runs of {name}")
        return self.runs(name)

    def wait_for_renewals(self, seconds: float) -> None:
        """Wait until the lease of the only task was renewed for some time."""

        def score() -> float:
            scores: Any = self.client.zrange(INDEX, 0, 0, withscores=True)
            return float(scores[0][1])

        first = score()
        wait_for(lambda: score() >= first + seconds, 30, "renewals")

    def signal(self, pid: int, number: int) -> None:
        self.by_id[pid].send_signal(number)

    def _message(self, name: str) -> dict[str, object]:
        return {
            "body": json.dumps([[str(self.folder), name], {}, {}]),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"task": "wait_for_file", "id": name, "lang": "py"},
            "properties": {
                "correlation_id": name,
                "delivery_info": {"exchange": "", "routing_key": "celery"},
                "delivery_tag": name,
            },
        }

    def _are_waiting(self) -> bool:
        assert all(process.poll() is None for process in self.by_id.values())
        waiting = [one for one in self.client.client_list() if one["cmd"] == "brpop"]
        return len(waiting) == WORKERS


@pytest.fixture
def workers(tmp_path):
    with server(tmp_path) as started:
        workers = Workers(tmp_path, started.port)
        yield workers
        workers.stop()


def test_tasks_of_killed_and_frozen_workers_run_elsewhere_and_others_only_once(workers):
    ending = workers.start_task("long")
    workers.signal(ending, signal.SIGTERM)
    workers.wait_for_renewals(LEASE_S + 1)
    assert workers.end_task("long") == [ending]
    assert workers.by_id[ending].wait(10) == 0

    frozen = workers.start_task("frozen")
    workers.signal(frozen, signal.SIGSTOP)
    _, other = workers.wait_for_runs("frozen", 2)
    workers.signal(frozen, signal.SIGCONT)
    workers.wait_for_renewals(LEASE_S + 1)
    assert workers.end_task("frozen") == [frozen, other]

    killed = workers.start_task("killed")
    workers.signal(killed, signal.SIGKILL)
    _, other = workers.wait_for_runs("killed", 2)
    assert workers.end_task("killed") == [killed, other]
    assert other not in {killed, ending}
