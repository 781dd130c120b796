"""A temporary instance for a benchmark: data folder, Redis, database and server processes."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from project.embedded import answers, redis_server
from project.listener import listen

ROOT = Path(__file__).resolve().parent.parent.parent
INDICES = json.loads((ROOT / "data/indices.json").read_text(encoding="utf-8"))["indices"]
IBOV_LIST = max((row for row in INDICES if row["code"] == "IBOV"), key=lambda row: row["as_of"])
IBOV: list[str] = [paper["symbol"] for paper in IBOV_LIST["papers"]]
FILES = 16_384
SETUP_S = 900.0  # of a command of manage.py: 12 s on a quiet machine
START_S = 300.0  # of a web process: 2 s on a quiet machine; a wait ends when it serves


class Worker:
    """A process that reads JSON commands from its standard input and answers each with a line."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.pid = process.pid

    def send(self, do: str, **arguments: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do} | arguments).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended")
        return json.loads(line)

    def call(self, do: str, **arguments: Any) -> Any:
        self.send(do, **arguments)
        return self.receive()


class Rig:
    """A temporary instance. Every process started here ends with the `with` block."""

    def __init__(self, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pregao-bench-"))
        for name in ("static", "media", "mail"):
            (self.folder / name).mkdir()
        self.redis_path = self.folder / "redis.sock"
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DEBUG": "0",
            "HTTPS": "0",
            "SECRET_KEY": "benchmark",
            "ALLOW_SIMULATED": "1",
            "QUOTE_SOURCE": "simulated",
            "LOG_LEVEL": "WARNING",
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder / 'pregao.sqlite3'}",
            "REDIS_URL": f"unix://{self.redis_path}",
            # Thousands of clients on the loopback; hostile_socket.py sets the product's limits.
            "SOCKETS_A_MINUTE_ADDRESS": "1000000",
            "SOCKETS_PER_ADDRESS": "1000000",
            "PAGES_A_MINUTE_ADDRESS": "1000000",
            **environment,
        }
        self.log = (self.folder / "log").open("ab")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._listeners: list[socket.socket] = []

    def __enter__(self) -> "Rig":
        prepare_script()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        deadline = time.monotonic() + 5
        for process in self._processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        for listener in self._listeners:
            listener.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def python(
        self,
        *arguments: str,
        fds: Sequence[int] = (),
        piped: bool = False,
        environment: dict[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start the virtualenv's Python in the project's folder."""
        return self.start([sys.executable, *arguments], fds, piped, environment)

    def start(
        self,
        command: Sequence[str],
        fds: Sequence[int] = (),
        piped: bool = False,
        environment: dict[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            command,
            cwd=ROOT,
            env=self.environment | (environment or {}),
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else self.log,
            stderr=self.log,
            pass_fds=fds,
        )
        self._processes.append(process)
        return process

    def worker(self, module: str, **environment: str) -> Worker:
        """Start `benchmarks.rig.<module>` as a process that reads commands."""
        return Worker(
            self.python("-m", f"benchmarks.rig.{module}", piped=True, environment=environment)
        )

    def start_redis(self) -> "subprocess.Popen[bytes]":
        """Start the Redis and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self.redis_path)]
        options += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        options += ["--logfile", str(self.folder / "redis.log")]
        process = self.start([redis_server(), *options])
        wait_until(lambda: answers(self.redis_path), 10)
        return process

    def prepare(self) -> None:
        """Set the instance up.

        Or copy RIG_DATABASE, a database prepared before, without a schedule, and the static files
        next to it.
        """
        prepared = self.environment.get("RIG_DATABASE")
        if prepared and self.environment["DATABASE_URL"].startswith("sqlite:"):
            shutil.copyfile(prepared, self.folder / "pregao.sqlite3")
            static = Path(prepared).with_name("static")
            shutil.copytree(static, self.folder / "static", dirs_exist_ok=True)
            return
        self.run_python("manage.py", "setup", "--verbosity=0")

    def run_python(self, *arguments: str) -> None:
        process = self.python(*arguments)
        if process.wait(SETUP_S):
            raise RuntimeError(f"{arguments} failed:\n{self.tail()}")

    def listen(self) -> socket.socket:
        """Return a socket that listens on a free loopback port and survives a web process."""
        listener = listen("127.0.0.1", 0)
        self._listeners.append(listener)
        return listener

    def web(
        self, listener: socket.socket, *, application: str = "", **environment: str
    ) -> "subprocess.Popen[bytes]":
        """Start a web process: `project.serve`, or the same server with another application."""
        fd = listener.fileno()
        module = ["benchmarks.rig.web", application] if application else ["project.serve"]
        process = self.python("-m", *module, "--fd", str(fd), fds=[fd], environment=environment)
        wait_until(lambda: is_up(port_of(listener)), START_S, process)
        return process

    def tail(self, size: int = 2000) -> str:
        return (self.folder / "log").read_text(errors="replace")[-size:]

    @contextlib.contextmanager
    def on_failure_show_log(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            sys.stderr.write(self.tail())
            raise


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def is_up(port: int) -> bool:
    """Return whether a web process answers /healthz at `port`."""
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    with socket.socket() as client:
        client.settimeout(1.0)
        try:
            client.connect(("127.0.0.1", port))
            client.sendall(request.encode())
            return client.recv(64).startswith(b"HTTP/1.1 ")
        except OSError:
            return False


def wait_until(
    condition: Callable[[], Any],
    timeout_s: float,
    process: "subprocess.Popen[bytes] | None" = None,
) -> None:
    """Wait for `condition`. Raises: TimeoutError, or RuntimeError if `process` ended."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s")
        time.sleep(0.02)


def prepare_script() -> None:
    """Allow many sockets, and stop all child processes on SIGTERM."""
    raise_file_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def raise_file_limit() -> None:
    """Raise the limit of open files for this process and its children."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
