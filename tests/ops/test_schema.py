"""Processes that start before `setup` wait for the schema of the database."""

import shlex
import signal
import subprocess
import sys
import urllib.error
from contextlib import ExitStack, contextmanager
from functools import partial

from project.embedded import redis_server
from tests.instances import ROOT, environment, get, run, wait_for
from tests.ops.test_deploy_files import procfile

PORT = 8457
WAITING = "waiting for `python manage.py setup`"
HEALTHCHECK = ROOT / "deploy" / "container" / "healthcheck.py"


@contextmanager
def started(command, log, variables):
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            command, env=environment(**variables), cwd=ROOT, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_processes_wait_for_the_set_up(tmp_path):
    socket = tmp_path / "redis.sock"
    redis = [redis_server(), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    variables = {
        "DATA_DIR": str(tmp_path),
        "REDIS_URL": f"unix://{socket}?db=0",
        "SECRET_KEY": "k" * 50,
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
        "ALLOWED_HOSTS": "pregao.example",
        "PORT": str(PORT),
    }
    assert run("manage.py", "setup", **variables).returncode == 0  # collects the static files
    for path in tmp_path.glob("pregao.sqlite3*"):
        path.unlink()
    commands = {name: shlex.split(procfile()[name]) for name in ("web", "worker", "beat")}
    logs = {name: tmp_path / f"{name}.log" for name in commands}
    with ExitStack() as stack:
        stack.enter_context(started(redis, tmp_path / "redis.log", {}))
        processes = {
            name: stack.enter_context(
                started([sys.executable, *_in_virtualenv(command)], logs[name], variables)
            )
            for name, command in commands.items()
        }
        for log in logs.values():
            wait_for(partial(_is_waiting, log), 60, f"{log.stem} waits")
        assert _health() != (0, "")
        assert {process.poll() for process in processes.values()} == {None}

        assert run("manage.py", "setup", **variables).returncode == 0

        url = f"http://127.0.0.1:{PORT}/readyz"
        wait_for(lambda: _status(url) == 200, 90, "the web server is ready")
        assert _health() == (0, "")  # by an address that is none of ALLOWED_HOSTS
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        assert {process.wait(30) for process in processes.values()} == {0}


def _in_virtualenv(command):
    """Return the arguments of the Python that runs a command of the Procfile."""
    return ["-m", "celery", *command[1:]] if command[0] == "celery" else command[1:]


def _is_waiting(log):
    return log.read_text().count(WAITING) == 1


def _status(url):
    try:
        return get(url)[0]
    except (OSError, urllib.error.URLError):
        return 0


def _health():
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-I", str(HEALTHCHECK)],
        env={"PORT": str(PORT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr
