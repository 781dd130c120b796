"""`doctor` in a process of its own, while database, Redis and mail server never answer."""

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from mainapp.operations.management.doctor import CHECKS
from project.environment import BASE_DIR
from tests.prepared import DATABASE

SECRETS = ("segredo-banco", "segredo-redis", "segredo-email", "segredo-chave-" + "x1y2" * 12)


def test_services_that_never_answer_are_lines_and_no_secret_is_shown(tmp_path):
    database, redis, mail, key = SECRETS
    with ExitStack() as stack:
        ports = []
        for _service in range(3):
            silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            ports.append(silent.getsockname()[1])
        environment = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": key,
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": f"postgresql://ana:{database}@127.0.0.1:{ports[0]}/x",
            "REDIS_URL": f"redis://:{redis}@127.0.0.1:{ports[1]}/0",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(ports[2]),
            "EMAIL_HOST_USER": "ana",
            "EMAIL_HOST_PASSWORD": mail,
            "EMAIL_FROM": "ana@example.org",
            "SITE_URL": "https://pregao.example",
            "ALLOWED_HOSTS": "pregao.example",
            "QUOTE_SOURCE": "simulated",
            "ALLOW_SIMULATED": "1",
        }
        ended = subprocess.run(
            [sys.executable, "manage.py", "doctor", "--json"],
            cwd=BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (ended.returncode, ended.stderr) == (1, "")
    assert [secret for secret in SECRETS if secret in ended.stdout] == []
    lines = json.loads(ended.stdout)["checks"]
    assert {line["check"] for line in lines} == set(CHECKS)
    faults = {line["check"] for line in lines if not line["is_ok"]}
    services = {"database", "migrations", "redis", "redis clock", "worker", "outbox", "mail"}
    assert services - faults == set()


ON_A_FULL_DISK = """
mount -t tmpfs -o size=8m,mode=700 tmpfs "$DATA_DIR" || exit 77
cp "$DATABASE" "$DATA_DIR/pregao.sqlite3"
cat /dev/zero >"$DATA_DIR/filler" 2>/dev/null
exec "$PYTHON" manage.py doctor --json
"""


def test_full_disk_is_named_by_each_check_that_it_stops(data_dir):
    if not (unshare := shutil.which("unshare")):
        pytest.skip("unshare is not installed")
    folder = data_dir.parent / "full"
    folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "DATABASE": str(data_dir / DATABASE),
        "SECRET_KEY": "x1y2" * 12,
        "DATA_DIR": str(folder),
        "QUOTE_SOURCE": "simulated",
        "ALLOW_SIMULATED": "1",
    }
    ended = subprocess.run(  # noqa: S603 - our own script
        [unshare, "--map-root-user", "--mount", "sh", "-c", ON_A_FULL_DISK],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ended.returncode == 77 or "unshare" in ended.stderr:
        pytest.skip("mounts in a namespace are not allowed here")

    lines = json.loads(ended.stdout)["checks"]
    faults = {line["check"]: line["text"] for line in lines if not line["is_ok"]}
    assert faults["disk"] == f"0 MiB are free for {folder}: free space, or move DATA_DIR"
    assert faults["database"].endswith(
        "check that its disk has space, and that DATA_DIR is writable"
    )
    assert [line for line in lines if line["check"] == "disk" and line["is_ok"]] == []
