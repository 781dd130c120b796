"""A pytest plugin, loaded before the settings: a data folder, a Redis and a database per process.

`TEST_DATABASE=postgresql` starts an embedded PostgreSQL, which the workers of one run share; the
default is SQLite. Other shared files are in the folder TEST_SHARED_FOLDER.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from mainapp.core.management.catalogues import compile_stale
from project.embedded import redis_server
from tests.postgresql import PostgreSQL

FOLDER = Path(tempfile.mkdtemp(prefix="pregao-tests-"))


def start_redis(folder: Path) -> str:
    """Start a Redis without persistence and return its URL."""
    path = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [redis_server(), *options], stdout=subprocess.DEVNULL, cwd=folder
    )
    atexit.register(process.kill)
    deadline = time.monotonic() + 10
    while not path.exists():
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError("redis-server did not start")
        time.sleep(0.01)
    return f"unix://{path}"


def database_url() -> str:
    """Return the URL of this process's database; start PostgreSQL unless the main process has."""
    if os.environ.get("TEST_DATABASE") != "postgresql":
        return f"sqlite:///{FOLDER / 'pregao.sqlite3'}"
    if "TEST_POSTGRESQL_URL" not in os.environ:
        server = PostgreSQL()
        atexit.register(server.close)
        os.environ["TEST_POSTGRESQL_URL"] = server.url  # workers inherit it
    return os.environ["TEST_POSTGRESQL_URL"]


atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
(FOLDER / "static").mkdir()
compile_stale(Path(__file__).parent.parent)
os.environ["XDG_RUNTIME_DIR"] = str(FOLDER)
os.environ.setdefault("TEST_SHARED_FOLDER", str(FOLDER))
os.environ |= {
    "DEBUG": "1",
    "DATA_DIR": str(FOLDER),
    "QUOTE_SOURCE": "simulated",
    "REDIS_URL": start_redis(FOLDER),
    "DATABASE_URL": database_url(),
}
