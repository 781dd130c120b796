"""The launcher of `make run`: checks and starts one instance on one machine.

`python -m project.launcher manage …` runs a management command in the same environment, and
`python -m project.launcher demo` fills an instance with demonstration data. The checks do not
import Django, so that a refusal appears at once.
"""

import contextlib
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from mainapp.core.contexts import commanding
from project import embedded
from project.env_loading import load_env_file
from project.environment import Refusal, env, logs_json
from project.instance import LOOPBACK, Instance
from project.listener import listen
from project.site_url import DEFAULT_PORT, WILDCARDS, own_url
from project.sources import real_sources
from project.supervisor import Child, Stop, Supervisor, log

REDIS_TIMEOUT_S = 2
REDIS_START_S = 10
# The probe stops 3 s after it has loaded its libraries, which takes longer on a slow machine.
PROBE_TIMEOUT_S = 60
SETUP_TIMEOUT_S = 600

WORKER = (
    "-m celery --quiet -A project worker --pool threads --concurrency 8 -Q update,listed,celery "
    "--without-gossip --without-mingle --without-heartbeat --loglevel WARNING --hostname worker@%h"
)
BEAT = "-m celery --quiet -A project beat --loglevel WARNING --pidfile="


def main() -> None:
    load_env_file()
    os.umask(0o077)
    if sys.argv[1:2] == ["manage"]:
        manage(sys.argv[2:])
    elif sys.argv[1:] == ["demo"]:
        fill_with_demo_data()
    else:
        Launcher().run()


class Launcher:
    """Checks and starts an instance; cheap checks come first."""

    def __init__(self) -> None:
        self.instance = Instance.open()
        self.host = env.host("HOST", "127.0.0.1")
        self.port = env.port("PORT", default=DEFAULT_PORT, minimum=0)
        # Now, as the environment of the processes will have both.
        self.unset = [name for name in ("ALLOWED_HOSTS", "SITE_URL") if not env.text(name)]

    def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP. Raises: Refusal."""
        self.instance.acquire()
        self._listen()
        self.instance.write_state(address=self.address)
        redis_url = env.redis_url("REDIS_URL")
        if redis_url:
            _check_redis(redis_url)
        supervisor = Supervisor()
        try:
            if not redis_url:
                _start_redis(supervisor, self.instance.data_dir)
            source, why = self._prepare(supervisor)
            self._start(supervisor, source)
            self._announce(source, why)
            supervisor.watch()
        except Stop:
            log("stopping")
        finally:
            self.listener.close()
            supervisor.stop()

    def _listen(self) -> None:
        try:
            self.listener = listen(self.host, self.port)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Refusal(
                f"cannot listen on {self.host}:{self.port} ({reason}): free the port, or choose "
                "another with PORT (and HOST)"
            ) from None
        self.address = f"{own_url(self.listener.getsockname()[1])}/"

    def _prepare(self, supervisor: Supervisor) -> tuple[str, str]:
        """Run `setup` and, at the same time, choose the quote source; return it and the reason."""
        requested = ",".join(env.items("QUOTE_SOURCE", ["auto"]))
        environment = self.instance.environment(
            QUOTE_SOURCE=_real_sources() if requested == "auto" else requested
        )
        probe = _manage("probe", environment, "probe_sources", "--json")
        if requested == "auto":
            probe.stdout, probe.stderr = subprocess.PIPE, subprocess.DEVNULL
            supervisor.start(probe)
        setup = supervisor.start(_manage("setup", environment, "setup", "--verbosity=0"))
        if supervisor.finish(setup, SETUP_TIMEOUT_S) != 0:
            sys.exit(1)  # setup has printed the reason
        if requested != "auto":
            return requested, "set by QUOTE_SOURCE"
        supervisor.finish(probe, PROBE_TIMEOUT_S)
        return _choose_source(probe)

    def _start(self, supervisor: Supervisor, source: str) -> None:
        self.instance.write_state(address=self.address, quote_source=source)
        os.environ.update(self.instance.environment(QUOTE_SOURCE=source))
        from project import processes  # noqa: PLC0415 - needs the environment, and a second

        processes.preload()
        web = partial(processes.run_web, self.listener)
        worker = partial(processes.run_celery, WORKER, self.listener)
        beat = partial(processes.run_celery, BEAT, self.listener)
        parts = {"web": web, "worker": worker, "beat": beat}
        if env.items("QUOTE_STREAM"):
            parts["stream"] = partial(processes.run_stream, self.listener)
        for name, run in parts.items():
            supervisor.start(Child(name, run=run))

    def _announce(self, source: str, why: str) -> None:
        mail = env.host("EMAIL_HOST")
        log("Pregão is starting; Ctrl-C ends it.")
        rows = {
            "address": self.address,
            "data": str(self.instance.data_dir),
            "quotes": f"{source}: {why}",
            "streams": ",".join(env.items("QUOTE_STREAM"))
            or "none: set QUOTE_STREAM to push prices",
            "mail": f"by {mail}" if mail else f"files in {self.instance.data_dir / 'mail'}",
        }
        if self.host in WILDCARDS and self.unset:
            rows["note"] = f"other machines need {' and '.join(self.unset)}"
        if logs_json():
            log("; ".join(f"{name}: {text}" for name, text in rows.items()))
            return
        with contextlib.suppress(OSError):  # as in `log`
            sys.stdout.write("".join(f"  {name:<8} {text}\n" for name, text in rows.items()))
            sys.stdout.flush()


def fill_with_demo_data() -> None:
    """Set up the instance and create the demonstration people; `make run` then starts it.

    Works beside a running instance, too. The passwords are public, so an instance that other
    machines reach is refused. Raises: Refusal.
    """
    if env.host("HOST", "127.0.0.1") not in LOOPBACK:
        raise Refusal(
            "the passwords of the demonstration data are public: make demo works only without HOST"
        )
    instance, supervisor = Instance.open(), Supervisor()
    is_running = False
    try:
        instance.acquire()
    except Refusal:
        is_running = True
    source = str(instance.read_state().get("quote_source", _real_sources()))
    environment = instance.environment(QUOTE_SOURCE=source)
    try:
        if not is_running:
            _set_up(supervisor, instance, environment)
        demo = _manage("demo", environment | {"DEBUG": "1"}, "seed_demo", "--only-new-site")
        if supervisor.finish(supervisor.start(demo), SETUP_TIMEOUT_S) != 0:
            sys.exit(1)  # seed_demo has printed the reason
    except Stop:
        sys.exit(1)
    finally:
        supervisor.stop()
    if not is_running:
        sys.stdout.write("Start the site with: make run\n")


def _set_up(supervisor: Supervisor, instance: Instance, environment: dict[str, str]) -> None:
    """Start a Redis if none is given, and run `setup`. Raises: Refusal, Stop."""
    if redis_url := env.redis_url("REDIS_URL"):
        _check_redis(redis_url)
    else:
        _start_redis(supervisor, instance.data_dir)
    setup = supervisor.start(_manage("setup", environment, "setup"))
    if supervisor.finish(setup, SETUP_TIMEOUT_S) != 0:
        sys.exit(1)  # setup has printed the reason


def _start_redis(supervisor: Supervisor, data_dir: Path) -> None:
    """Start the embedded Redis. Raises: Refusal."""
    try:
        command = embedded.redis_command(data_dir)
    except OSError as error:
        raise Refusal(str(error)) from None
    redis = supervisor.start(Child("redis", command, os.environ, stops_last=True))
    path = embedded.socket_path(data_dir)
    supervisor.wait_until(lambda: not redis.is_running or embedded.answers(path), REDIS_START_S)
    if not redis.is_running or not embedded.answers(path):
        raise Refusal(f"redis-server does not start: see {data_dir / 'redis' / 'redis.log'}")


def _manage(name: str, environment: dict[str, str], *arguments: str) -> Child:
    command = [sys.executable, "-m", "project.launcher", "manage", *arguments]
    return Child(name, command, environment)


def _real_sources() -> str:
    return ",".join(real_sources())


def _choose_source(probe: Child) -> tuple[str, str]:
    """Return the sources to use and the reason: the real ones if any of them works."""
    stream = probe.process.stdout if isinstance(probe.process, subprocess.Popen) else None
    try:
        answer = json.loads((stream.read() if stream else b"").splitlines()[-1])
        answered, errors = answer["sources"], answer["errors"]
    except (ValueError, LookupError, TypeError):
        answered, errors = [], {}
    silent = "; ".join(f"{name}: {reason}" for name, reason in errors.items())
    if set(answered) - {"binance"}:  # it has no stocks of B3
        why = f"{', '.join(answered)} answered" + (f" ({silent})" if silent else "")
        return _real_sources(), why
    return "simulated", f"SIMULATED PRICES, no real source answered ({silent or 'no probe'})"


def _check_redis(url: str) -> None:
    """Connect to the Redis at `url`. Raises: Refusal."""
    import redis  # noqa: PLC0415 - only where REDIS_URL is given

    from mainapp.core.redis import client  # noqa: PLC0415

    try:
        with client(url=url, timeout_s=REDIS_TIMEOUT_S) as connection:
            connection.ping()
    except (redis.RedisError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise Refusal(
            f"no Redis answers at REDIS_URL ({reason}): start it, or leave REDIS_URL empty for one "
            "of our own"
        ) from None


def manage(arguments: list[str]) -> None:
    """Run a management command in the environment of the instance. Raises: Refusal."""
    instance = Instance.open()
    source = ",".join(env.items("QUOTE_SOURCE", ["auto"]))
    if source == "auto":
        source = instance.read_state().get("quote_source", _real_sources())
    os.environ.update(instance.environment(QUOTE_SOURCE=source))
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - only here

    with commanding(arguments):
        execute_from_command_line(["manage.py", *arguments])


if __name__ == "__main__":
    main()
