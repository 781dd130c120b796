"""The instance of the soak: two processes of each role, of which one is killed, and the stores."""

import contextlib
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis

from benchmarks.rig.cluster import ADD_PAIR, INTERVAL_S, POLLED, PUSH_S, PUSHED
from benchmarks.rig.polled_source import PolledSource
from benchmarks.rig.processes import Rig, port_of, wait_until
from benchmarks.rig.readings import children, rss_bytes
from project.launcher import BEAT
from tests.instances import get, redis_key
from tests.postgresql import PostgreSQL
from tests.stub_streamer import StubStreamer, streamer_in_thread

ROLES = ("web", "worker", "beat", "stream")
KILLED, LIVING = 1, 2  # the numbers of the process of each role that is killed, and of the other
READY_S = 180.0
HOST = "127.0.0.1"
LINES = {
    "worker": ("-m", "benchmarks.rig.trading"),
    "beat": BEAT.split(),
    "stream": ("manage.py", "stream_quotes"),
}
TABLES = "SELECT relname FROM pg_stat_user_tables ORDER BY relname"
END_BACKENDS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

Process = subprocess.Popen[bytes]


class Site:
    """Two processes of each role on one PostgreSQL and one Redis; each can be killed or frozen."""

    def __init__(self, stack: ExitStack, **env_vars: str) -> None:
        self.source = PolledSource(POLLED, HOST)
        stack.callback(self.source.close)
        self.streamer: StubStreamer = stack.enter_context(streamer_in_thread("binance", HOST))
        self.streamer.prices, self.streamer.period_s = {PUSHED: 540_000.0}, PUSH_S
        self.postgres = PostgreSQL()
        stack.callback(self.postgres.close)
        self.rig = stack.enter_context(Rig(**self._environment(), **env_vars))
        self.redis = redis.Redis(unix_socket_path=str(self.rig.redis_path), socket_timeout=5)
        self.listeners: dict[int, socket.socket] = {}
        self.processes: dict[str, Process] = {}

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url,
            "DATABASE_POOL_SIZE": "6",
            "QUOTE_SOURCE": "brapi",
            "BRAPI_URL": self.source.url,
            "BRAPI_TOKEN": "benchmark",
            "BRAPI_BUDGET_PER_MONTH": "100000000",
            "QUOTE_STREAM": "binance",
            "BINANCE_STREAM_URL": self.streamer.url,
            "UPDATE_INTERVAL_S": str(INTERVAL_S),
        }

    # Processes ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Start all parts and wait until both web processes are ready."""
        self.processes["redis"] = self.rig.start_redis()
        self.rig.prepare()
        self.rig.run_python("-c", ADD_PAIR)
        for number in (KILLED, LIVING):
            self.listeners[number] = self.rig.listen()
            for role in ROLES:
                self._start(f"{role} {number}")
        wait_until(lambda: all(get(f"{url}/readyz", 2)[0] == 200 for url in self.urls), READY_S)

    @property
    def ports(self) -> list[int]:
        return [port_of(listener) for listener in self.listeners.values()]

    @property
    def urls(self) -> list[str]:
        return [f"http://{HOST}:{port}" for port in self.ports]

    def _start(self, part: str) -> None:
        role, _, number = part.partition(" ")
        if role == "web":
            fd = self.listeners[int(number)].fileno()
            line, fds = ("-m", "project.serve", "--fd", str(fd)), [fd]
            self.processes[part] = self.rig.python(*line, fds=fds)
        else:
            self.processes[part] = self.rig.python(*LINES[role])

    def kill(self, part: str) -> None:
        """Kill a part by SIGKILL, and start it again at once, as a supervisor does."""
        process = self.processes[part]
        family = [psutil.Process(pid) for pid in self.family(part)]
        process.kill()
        process.wait()
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        if part == "redis":
            self.rig.redis_path.unlink(missing_ok=True)
            self.processes[part] = self.rig.start_redis()
        else:
            self._start(part)

    def kill_postgresql(self) -> None:
        self.postgres.restart_killed()

    def send(self, part: str, number: signal.Signals) -> None:
        for pid in self.family(part):
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).send_signal(number)

    def family(self, part: str) -> list[int]:
        pid = self.processes[part].pid
        return [pid, *children(pid)]

    # What must not grow ------------------------------------------------------------------------

    def rss_mib(self, part: str) -> float:
        return sum(rss_bytes(pid) for pid in self.family(part)) / 2**20

    def files(self, part: str) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.family(part))

    def threads(self, part: str) -> int:
        return sum(psutil.Process(pid).num_threads() for pid in self.family(part))

    def keys(self) -> dict[str, int]:
        """Return the number of keys in Redis by the first parts of their names."""
        counts: dict[str, int] = {}
        start = len(redis_key(""))
        for name in self.redis.scan_iter(count=1000):
            kind = ":".join(name.decode(errors="replace")[start:].split(":")[:2])[:40]
            kind = kind if not kind.startswith("celery-task-meta") else "results of tasks"
            counts[kind] = counts.get(kind, 0) + 1
        return counts

    def rows(self) -> dict[str, int]:
        """Return the number of rows of each table."""
        names = [name for (name,) in self.sql(TABLES)]
        counts = (f"SELECT '{name}', count(*) FROM {name}" for name in names)  # noqa: S608 - our own
        return dict(self.sql(" UNION ALL ".join(counts)))

    def sql(self, query: str) -> list[Any]:
        with psycopg.connect(self.postgres.url) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def soak_site(**env_vars: str) -> Iterator[Site]:
    with ExitStack() as stack:
        site = Site(stack, **env_vars)
        with site.rig.on_failure_show_log():
            site.start()
            yield site


def people_of(site: Site, count: int, prepare: str) -> tuple[list[str], dict[str, Any]]:
    """Run the code that creates people; return their cookies, and the facts that it wrote."""
    folder = site.rig.folder
    site.rig.run_python("-c", prepare.format(folder=str(folder), count=count))
    cookies: list[str] = json.loads((folder / "cookies").read_text())
    return cookies, json.loads((folder / "facts").read_text())
