"""Instances of the whole application in processes of their own, for the tests that need them."""

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
COMMAND_S = 90.0  # 2 s of CPU took 42 s beside twenty other processes


def variables() -> set[str]:
    """Return the names that .env.example lists."""
    return set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def environment(**given: str) -> dict[str, str]:
    """Return an environment that holds of the project's variables only `given`.

    The others are there and empty, so that a developer's .env has no say.
    """
    mine = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "QUOTE_SOURCE"), "")
    # pytest-django names the settings, which nobody does who starts a server.
    left_out = {*variables(), "DJANGO_SETTINGS_MODULE"}
    rest = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**rest, **mine, "DEBUG": "0", **given}


def run(
    *command: str, timeout_s: float = COMMAND_S, **given: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the project to its end."""
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *command],
        env=environment(**given),
        cwd=ROOT,
        timeout=timeout_s,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def redis_key(*parts: object) -> str:
    """Return the name of a key of an instance with REDIS_PREFIX unset, in database 0."""
    return ":".join((instance_prefix(DEFAULT_PREFIX, RedisAddress()), *map(str, parts)))


def wait_for(condition: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """Return the first true value of `condition`; fail when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout_s:g} s: {what}")


def get(url: str, timeout_s: float = 10) -> tuple[int, str]:
    """Return status and body; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 - our own
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process runs; one that only waits to be reaped does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Instance:
    """A launcher, with all that it started."""

    def __init__(self, data_dir: Path, **given: str) -> None:
        self.data_dir = data_dir
        self.given = {"DATA_DIR": str(data_dir), "PORT": "0", "QUOTE_SOURCE": "simulated", **given}
        self.log_path = Path(tempfile.mkstemp(".log", "pregao-", data_dir.parent)[1])
        with self.log_path.open("w") as log:
            self.process = psutil.Popen(
                [sys.executable, "-m", "project.launcher"],
                env=environment(**self.given),
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
        """The address, without its last slash, as the instance notes it."""
        return str(json.loads((self.data_dir / "lock").read_text())["address"]).rstrip("/")

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.log
            return "address" in self.log and get(f"{self.url}/readyz")[0] == 200

        wait_for(is_ready, START_S, f"an instance that is ready\n{self.log}")

    def child(self, part: str) -> psutil.Process | None:
        """Return the process whose command holds `part`."""
        for process in self.process.children():
            try:
                if part in " ".join(process.cmdline()):
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit code; fail when it takes longer than it may."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return int(self.process.wait(timeout=8))
        except psutil.TimeoutExpired:
            self.process.kill()
            raise


class RedisServer:
    """A Redis that can be killed and started again at the same place."""

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
def instance(data_dir: Path, **given: str) -> Iterator[Instance]:
    """Run an instance that is ready; stop it at the end."""
    started = Instance(data_dir, **given)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()
