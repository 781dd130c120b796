"""Instances of the whole application in real processes, for tests and benchmarks."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import redis

from mainapp.core.redis import DEFAULT_PREFIX, instance_prefix
from mainapp.core.redis_address import RedisAddress
from project.embedded import redis_server

ROOT = Path(__file__).resolve().parent.parent
START_S = 100.0  # 4 s on a quiet machine; a wait ends as soon as the instance is ready
COMMAND_S = 90.0  # with twenty other processes, 2 s of CPU took 42 s


def variables() -> set[str]:
    """Return the names that .env.example lists."""
    return set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def environment(**env_vars: str) -> dict[str, str]:
    """Return this environment with only `env_vars` of the project's variables.

    Those that a developer's .env may set are present but empty, so that it has no effect.
    """
    emptied = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "QUOTE_SOURCE"), "")
    # pytest-django sets DJANGO_SETTINGS_MODULE; users who start a server do not.
    removed = {*variables(), "DJANGO_SETTINGS_MODULE"}
    inherited = {name: value for name, value in os.environ.items() if name not in removed}
    return {**inherited, **emptied, "DEBUG": "0", **env_vars}


def run(
    *command: str, timeout_s: float = COMMAND_S, **env_vars: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python command of the project and wait for its end."""
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *command],
        env=environment(**env_vars),
        cwd=ROOT,
        timeout=timeout_s,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def redis_key(*parts: object) -> str:
    """Return the name of a Redis key in an instance with the default prefix and database."""
    return ":".join((instance_prefix(DEFAULT_PREFIX, RedisAddress()), *map(str, parts)))


def wait_for(condition: Callable[[], Any], timeout_s: float, description: str) -> Any:
    """Return the first true value of `condition`; fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout_s:g} s: {description}")


def get(url: str, timeout_s: float = 10) -> tuple[int, str]:
    """Return the status and the body; status 0 without a response."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - our own
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process runs; zombies do not count."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Instance:
    """A launcher and the processes that it started."""

    def __init__(self, data_dir: Path, **env_vars: str) -> None:
        self.data_dir = data_dir
        self.env_vars = {
            "DATA_DIR": str(data_dir),
            "PORT": "0",
            "QUOTE_SOURCE": "simulated",
            **env_vars,
        }
        self.log_path = Path(tempfile.mkstemp(".log", "pregao-", data_dir.parent)[1])
        with self.log_path.open("w") as log:
            self.process = psutil.Popen(
                [sys.executable, "-m", "project.launcher"],
                env=environment(**self.env_vars),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def url(self) -> str:
        """The address that the instance wrote to its lock file, without the final slash."""
        return str(json.loads((self.data_dir / "lock").read_text())["address"]).rstrip("/")

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.log
            return "address" in self.log and get(f"{self.url}/readyz")[0] == 200

        wait_for(is_ready, START_S, f"an instance that is ready\n{self.log}")

    def child(self, part: str) -> psutil.Process | None:
        """Return the child process whose command contains `part`."""
        for process in self.process.children():
            try:
                if part in " ".join(process.cmdline()):
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the launcher and return its exit code; kill it and raise after 8 s."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return int(self.process.wait(timeout=8))
        except psutil.TimeoutExpired:
            self.process.kill()
            raise


class RedisServer:
    """A Redis that can be killed and restarted on the same socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "redis.sock"
        self.command = [redis_server(), "--port", "0", "--unixsocket", self.path, "--save", ""]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own arguments
            self.command, stdout=subprocess.DEVNULL, cwd=self.path.parent
        )
        self.client = redis.Redis(unix_socket_path=str(self.path))
        wait_for(self.path.exists, 5, "a Redis")

    def kill(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
        self.path.unlink()


@contextmanager
def instance(data_dir: Path, **env_vars: str) -> Iterator[Instance]:
    """Start an instance, wait until it is ready, and stop it at the end."""
    started = Instance(data_dir, **env_vars)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()
