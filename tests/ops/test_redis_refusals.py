"""Recovery of worker, beat and web from a Redis that refuses or delays commands.

They run without a supervisor, so that a process that ends is not restarted.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from mainapp.core.redis import DEFAULT_PREFIX, instance_prefix
from mainapp.core.redis_address import RedisAddress
from project.launcher import BEAT, WORKER
from tests.instances import ROOT, START_S, environment, get, wait_for
from tests.prepared import copy_prepared
from tests.redis_servers import HOST, Server, free_port, sentinel_cluster, server

TASKS = 20
FAULT_S = 2.5  # longer than the worker's lease and Celery's timeouts of 2 s
BACK_WITHIN_S = 3.0
AFTER_FAILOVER_S = 20.0


class Processes:
    """Worker, beat and web of one instance, unsupervised."""

    def __init__(self, folder: Path, url: str) -> None:
        self.port = free_port()
        self.folder = folder
        env_vars = {
            "DATA_DIR": str(copy_prepared(folder / "data")),
            "REDIS_URL": url,
            "PORT": str(self.port),
            "SECRET_KEY": "x" * 60,
            "QUOTE_SOURCE": "simulated",
            "UPDATE_INTERVAL_S": "2",
            "ALLOW_SIMULATED": "1",
            "HTTPS": "0",
        }
        commands = {"worker": WORKER, "beat": BEAT, "web": "-m project.serve"}
        self.processes = {
            name: self._start(name, command, env_vars) for name, command in commands.items()
        }

    def _start(
        self, name: str, command: str, env_vars: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        with self.log(name).open("w") as log:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, *command.split()],
                env=environment(**env_vars),
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def readiness(self) -> dict[str, str]:
        _status, text = get(f"http://{HOST}:{self.port}/readyz")
        return json.loads(text) if text else {}

    def is_ready(self) -> bool:
        return get(f"http://{HOST}:{self.port}/readyz")[0] == 200

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def ended(self) -> list[str]:
        return [name for name, process in self.processes.items() if process.poll() is not None]


@contextmanager
def running(folder: Path, url: str) -> Iterator[Processes]:
    processes = Processes(folder, url)
    try:
        wait_for(processes.is_ready, START_S, "an instance that is ready")
        yield processes
    finally:
        processes.stop()


class Tasks:
    """Tasks queued as a Celery client does, and their results."""

    def __init__(self, client: "redis.Redis", log: Path, database: int = 0) -> None:
        self.client = client
        self.prefix = f"{instance_prefix(DEFAULT_PREFIX, RedisAddress(database=database))}:celery"
        self.log = log
        self.ids: list[str] = []

    def queue(self, count: int = 1) -> None:
        for _ in range(count):
            self.ids.append(f"{time.monotonic_ns():032x}")
            self.client.lpush(f"{self.prefix}:listed", json.dumps(_message(self.ids[-1])))

    def remaining(self) -> list[str]:
        """Return the lists of queued and unacknowledged tasks, and the tasks without a result.

        The worker logs the tasks that ended while Redis refused to store their results.
        """
        lists = [f"{self.prefix}:{name}" for name in ("listed", "unacked", "unacked_index")]
        results = self.client.mget(f"{self.prefix}:celery-task-meta-{id_}" for id_ in self.ids)
        log = self.log.read_text()
        ended = {id_ for id_, result in zip(self.ids, results, strict=True) if result}
        ended |= {id_ for id_ in self.ids if f"the result of task {id_} is not stored" in log}
        return [name for name in lists if self.client.exists(name)] + sorted({*self.ids} - ended)

    def wait(self, timeout_s: float) -> None:
        with suppress(AssertionError):
            wait_for(lambda: not self.remaining(), timeout_s, "the end of all tasks")
        assert self.remaining() == []


def _message(task_id: str) -> dict[str, Any]:
    return {
        "body": json.dumps([[["PETR4"]], {}, {}]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "update_stock", "id": task_id, "lang": "py"},
        "properties": {
            "correlation_id": task_id,
            "delivery_info": {"exchange": "", "routing_key": "listed"},
            "delivery_tag": task_id,
        },
    }


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A Redis, and the processes that all faults but the failover share."""
    folder = tmp_path_factory.mktemp("refusals")
    with server(folder) as started, running(folder, f"redis://{HOST}:{started.port}/0") as all_:
        yield started, all_


@contextmanager
def _refusing(client: "redis.Redis", refuse: str, allow: str) -> Iterator[None]:
    client.execute_command(*refuse.split())
    yield
    client.execute_command(*allow.split())


@contextmanager
def _frozen(started: Server) -> Iterator[None]:
    started.freeze()
    yield
    started.thaw()


FAULTS = {
    "replica": ("REPLICAOF localhost 1", "REPLICAOF NO ONE", "Redis is read-only"),
    "full": ("CONFIG SET maxmemory 1mb", "CONFIG SET maxmemory 0", "Redis is full"),
    "no-replicas": (
        "CONFIG SET min-replicas-to-write 1",
        "CONFIG SET min-replicas-to-write 0",
        "Redis refuses writes",
    ),
    "no-rights": ("ACL SETUSER default -@write", "ACL SETUSER default +@all", None),
    "slow": (f"CLIENT PAUSE {FAULT_S * 1000:.0f} ALL", "PING", None),
    "frozen": (None, None, None),
}


def time_tasks(tasks: Tasks) -> float:
    """Return the time that the same tasks need on this machine without a fault."""
    start = time.monotonic()
    tasks.queue(TASKS + 1)
    tasks.wait(30)
    return time.monotonic() - start


@pytest.mark.parametrize("name", FAULTS)
def test_all_processes_resume_and_no_task_is_lost(shared, name):
    started, processes = shared
    refuse, allow, state = FAULTS[name]
    client = redis.Redis(HOST, started.port, socket_timeout=10)
    tasks = Tasks(client, processes.log("worker"))
    normal_s = time_tasks(tasks)
    tasks.queue(TASKS)
    fault = _refusing(client, refuse, allow) if refuse else _frozen(started)

    with fault:
        faulty_at = time.monotonic()
        if state:
            assert processes.readiness()["redis"] == state
        time.sleep(max(0.0, faulty_at + FAULT_S - time.monotonic()))
    allowed_at = time.monotonic()
    tasks.queue()

    tasks.wait(30)
    wait_for(processes.is_ready, 30, "an instance that is ready again")
    assert time.monotonic() - allowed_at <= BACK_WITHIN_S + normal_s
    assert processes.ended() == []
    client.close()


def test_all_processes_resume_after_a_failover_from_a_frozen_master(tmp_path):
    with ExitStack() as stack:
        cluster = stack.enter_context(sentinel_cluster(tmp_path))
        processes = stack.enter_context(running(tmp_path, cluster.url))
        old_port = cluster.master_port()
        cluster.master.freeze()
        frozen_at = time.monotonic()
        wait_for(lambda: cluster.master_port() != old_port, AFTER_FAILOVER_S, "a failover")
        client = redis.Redis(HOST, cluster.replica.port, password=cluster.PASSWORD, db=1)
        stack.callback(client.close)
        tasks = Tasks(client, processes.log("worker"), database=1)
        wait_for(lambda: client.info("replication")["role"] == "master", 10, "a new master")
        tasks.queue()

        tasks.wait(60)
        wait_for(processes.is_ready, 60, "an instance that is ready again")
        assert time.monotonic() - frozen_at <= AFTER_FAILOVER_S
        assert processes.ended() == []
