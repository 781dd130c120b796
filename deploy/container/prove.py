"""Build the image without a container engine's daemon, and run its processes as compose.yaml does.

`python -m deploy.container.prove [--root FOLDER]` (`make image`) needs root, debootstrap, buildah.
The base is a Debian made by debootstrap, of the release in the Containerfile. The processes run in
the image's files, mounted read-only, as its user without capabilities, on a real PostgreSQL and
Valkey. Networks, cgroups and the images of other projects are not part of this.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGE, BASE = "localhost/pregao:proof", "docker.io/library/debian:trixie-slim"
USER = 10001
MAX_MB = 350
PORTS = {"web-1": 8450, "web-2": 8451}
READY_S, STOP_S = 120.0, 15.0
# A network with its own certificate authority: the build's downloads have to trust it too.
TRUST = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
SLIM = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale")  # not in Debian's slim image


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.container.prove")
    parser.add_argument("--root", type=Path, help="the files of an image that was built before")
    root = parser.parse_args().root
    with tempfile.TemporaryDirectory(prefix="pregao-image-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        with ExitStack() as stack:
            root = root or built(work, stack)
            report_size(root)
            prove(root, work, stack.enter_context(stores(work)))


def built(work: Path, stack: ExitStack) -> Path:
    """Build the image on a new Debian; return the folder of its files while the stack is open."""
    debian = work / "debian"
    run("debootstrap", "--variant=minbase", "trixie", debian)
    container = new_container(stack, "scratch")
    trusted = os.environ.get("SSL_CERT_FILE")
    if trusted:
        shutil.copy(trusted, debian / "opt" / "ca.crt")
    excluded = [f"--exclude={path}/*" for path in (*SLIM, "./var/cache/apt/archives")]
    run("tar", "-C", debian, *excluded, "-cf", work / "debian.tar", ".")
    run("buildah", "add", container, work / "debian.tar", "/")
    for name in TRUST if trusted else ():
        run("buildah", "config", "--env", f"{name}=/opt/ca.crt", container)
    run("buildah", "commit", container, BASE)
    options = ("--isolation", "chroot", "--pull-never", "--format", "docker")
    run("buildah", "bud", *options, "-f", "Containerfile", "-t", IMAGE, ".")
    return Path(run("buildah", "mount", new_container(stack, "--pull-never", IMAGE)))


def new_container(stack: ExitStack, *image: str) -> str:
    """Make a container of buildah, which would stay, with its mount, if nobody removed it."""
    container = run("buildah", "from", *image)
    stack.callback(run, "buildah", "rm", container)
    return container


def report_size(root: Path) -> None:
    command = f"tar -C {shlex.quote(str(root))} -c . | gzip -6 | wc -c"
    size_mb = int(run("sh", "-c", command)) / 1e6
    report("compressed", f"{size_mb:.0f} MB of {MAX_MB}")
    if size_mb > MAX_MB:
        sys.exit("pregao: the image is too large")


@contextmanager
def stores(work: Path) -> Iterator[dict[str, str]]:
    """Start a PostgreSQL and a Valkey; yield the variables that lead to them inside the image."""
    from project.embedded import redis_server  # noqa: PLC0415 - the path is set by `-m`
    from tests.postgresql import PostgreSQL  # noqa: PLC0415 - the same

    postgresql = PostgreSQL()
    postgresql.folder.chmod(0o711)
    sockets = work / "sockets"
    sockets.mkdir(mode=0o755)
    options = f"--port 0 --unixsocket {sockets}/valkey.sock --unixsocketperm 777"
    command = f"{redis_server()} {options} --maxmemory-policy noeviction"
    valkey = subprocess.Popen(  # noqa: S603 - our own arguments
        [*shlex.split(command), "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        yield {
            "POSTGRESQL_FOLDER": str(postgresql.folder),
            "DATABASE_URL": "postgresql://postgres@/postgres?host=/srv",
            "REDIS_URL": "unix:///mnt/valkey.sock?db=0",
        }
    finally:
        valkey.terminate()
        valkey.wait()
        postgresql.close()


def prove(root: Path, work: Path, variables: dict[str, str]) -> None:
    for name in ("data", "tmp"):
        (work / name).mkdir()
    os.chown(work / "data", USER, USER)
    (work / "tmp").chmod(0o1777)
    confined = Confined(root, work, variables)
    print(confined.output("id", "-u"), end="")
    report("read-only", confined.output("sh", "-c", "touch /opt/pregao/x || true").strip())
    os.chown(work / "data", 0, 0)
    report("no volume", confined.output(*command_of("migrate")).strip())
    os.chown(work / "data", USER, USER)
    # Before the schema is there: the processes wait for it.
    processes = {name: confined.start(*command_of(name)) for name in ("worker", "beat")}
    print(confined.output(*command_of("migrate")), end="")
    for name, port in PORTS.items():
        processes[name] = confined.start(*command_of(name), HOST="127.0.0.1", PORT=str(port))
    try:
        for name, port in PORTS.items():
            report(name, wait_until_ready(port))
            health = ("python3", "-I", "/opt/pregao/deploy/container/healthcheck.py")
            report("healthcheck", confined.output(*health, PORT=str(port)) or "ok")
    finally:
        for name, process in processes.items():
            report(name, stop(process))
        print((work / "log").read_text()[-4000:], file=sys.stderr)


class Confined:
    """Runs commands in an image's files: read-only, as its user, without capabilities."""

    def __init__(self, root: Path, work: Path, variables: dict[str, str]) -> None:
        self.variables = {
            "PATH": "/opt/pregao/.venv/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": "/tmp",  # noqa: S108 - the container's
            "DATA_DIR": "/data",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SECRET_KEY": "k" * 50,
            "ALLOWED_HOSTS": "pregao.example",
            "QUOTE_SOURCE": "simulated",
            "ALLOW_SIMULATED": "1",
            "UPDATE_INTERVAL_S": "2",
            **{name: variables[name] for name in ("DATABASE_URL", "REDIS_URL")},
        }
        binds = [(work / "data", "/data"), (work / "tmp", "/tmp")]  # noqa: S108
        binds += [(Path(variables["POSTGRESQL_FOLDER"]), "/srv"), (work / "sockets", "/mnt")]
        lines = [f"mount --bind {root} {root}", f"mount -o remount,ro,bind {root}"]
        lines += [f"mount --bind {source} {root}{target}" for source, target in binds]
        lines += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        identity = f"--reuid={USER} --regid={USER} --clear-groups --no-new-privs"
        confinement = f"setpriv {identity} --inh-caps=-all --bounding-set=-all --"
        # setpriv belongs to the image too. chroot comes first, because it needs a capability.
        chroot = shutil.which("chroot")
        lines.append(
            f"exec {chroot} {root} {confinement} tini -- "
            """sh -c 'cd /opt/pregao; exec "$@"' - "$@\""""
        )
        self.script = "set -e; " + "; ".join(lines)
        self.log = work / "log"

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        with self.log.open("a") as log:
            return self._popen(command, variables, stdout=log, stderr=log)

    def output(self, *command: str, **variables: str) -> str:
        process = self._popen(command, variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return process.communicate()[0]

    def _popen(
        self, command: tuple[str, ...], variables: dict[str, str], **options: Any
    ) -> subprocess.Popen[str]:
        isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [*isolated, self.script, "-", *command],
            env=self.variables | variables,
            text=True,
            **options,
        )


def command_of(service: str) -> list[str]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return [str(part) for part in services[service]["command"]]


def wait_until_ready(port: int) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
                return f"{response.status} {json.loads(response.read())}"
        except OSError as error:
            last = error
            time.sleep(0.2)
    return f"not ready: {last} {getattr(last, 'read', str)()!r}"


def stop(process: subprocess.Popen[str]) -> str:
    """Send SIGTERM to the container's process 1, as an engine does; return how it ended."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    begun = time.monotonic()
    for child in children:
        os.kill(int(child), signal.SIGTERM)
    try:
        code = process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return "did not stop"
    return f"stopped with code {code} after {time.monotonic() - begun:.1f} s"


def run(*command: object) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        [str(part) for part in command], check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def report(what: str, result: str) -> None:
    print(f"{what}: {' '.join(result.split())}", flush=True)


if __name__ == "__main__":
    main()
