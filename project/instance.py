"""One instance: its data folder, what it keeps there, and the environment of its processes."""

import contextlib
import fcntl
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from project.embedded import socket_path

BASE_DIR = Path(__file__).resolve().parent.parent
REAL_SOURCES = "brapi,yahoo,yahoo_fin"
DATABASE_SCHEMES = ("sqlite://", "postgres://", "postgresql://")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, never bound


class Refusal(Exception):
    """Why the instance cannot start, in one line that says what to do."""


def setting(name: str, default: str = "") -> str:
    """Return a variable of the environment; an empty one counts as not given."""
    return os.environ.get(name, "").strip() or default


@dataclass
class Instance:
    """A data folder in use. `lock` keeps a second instance out while it is open."""

    data_dir: Path
    lock: Any = None

    @classmethod
    def open(cls) -> "Instance":
        """Return the instance of DATA_DIR, the folder made. Raises: Refusal."""
        data_dir = Path(setting("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("mail", "media", "static"):
                (data_dir / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Refusal(
                f"DATA_DIR {data_dir} cannot be used ({error.strerror}): name a folder that this "
                "user may write"
            ) from None
        return cls(data_dir)

    def take(self) -> None:
        """Take the folder for this process alone. Raises: Refusal."""
        self.lock = (self.data_dir / "lock").open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            known = self.read_state()
            raise Refusal(
                f"{self.data_dir} is in use by process {known.get('pid', '?')} "
                f"({known.get('address', 'starting')}): stop it, or give this one another DATA_DIR"
            ) from None
        # A fork that kept the file open would hold the lock after this process.
        os.register_at_fork(after_in_child=self.lock.close)

    def write_state(self, **state: Any) -> None:
        """Note what this run decided, for `manage` and for the refusal of a second instance."""
        self.lock.seek(0)
        self.lock.truncate()
        self.lock.write(json.dumps({"pid": os.getpid(), **state}))
        self.lock.flush()

    def read_state(self) -> dict[str, Any]:
        try:
            state = json.loads((self.data_dir / "lock").read_text())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def secret_key(self) -> str:
        """Return the key that this folder keeps, made at its first use. Raises: OSError."""
        path = self.data_dir / "secret-key"
        if not path.exists():
            fresh = path.with_name(f"secret-key.{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(50))
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text().strip()

    def environment(self, **decided: str) -> dict[str, str]:
        """Return what every process of the instance gets. Raises: Refusal, OSError."""
        default_url = "sqlite:///" + quote(str(self.data_dir / "pregao.sqlite3"))
        database_url = setting("DATABASE_URL", default_url)
        if not database_url.startswith(DATABASE_SCHEMES):
            raise Refusal(
                "DATABASE_URL is not understood: write postgresql://user:password@host/name or "
                "sqlite:////path/to/file"
            )
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DATA_DIR": str(self.data_dir),
            "SECRET_KEY": setting("SECRET_KEY") or self.secret_key(),
            "DATABASE_URL": database_url,
            "REDIS_URL": setting("REDIS_URL", f"unix://{socket_path(self.data_dir)}"),
            "HTTPS": setting("HTTPS", "0"),
            "ALLOWED_HOSTS": setting("ALLOWED_HOSTS", ",".join(_own_names())),
            "ALLOW_SIMULATED": "1",
            **decided,
        }


def _own_names() -> list[str]:
    """Return the names under which this machine is reached when ALLOWED_HOSTS gives none."""
    host = setting("HOST", "127.0.0.1")
    if host in LOOPBACK:
        return list(LOOPBACK)
    return [*LOOPBACK, socket.gethostname() if host in WILDCARDS else host]
