"""One instance: its data folder, the files in it, and the environment of its processes."""

import fcntl
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.embedded import socket_path
from project.environment import BASE_DIR, Refusal, env
from project.keys import SECRET_KEY_FILE, read_or_create_key
from project.site_url import WILDCARDS, own_url, read_site_url

LOOPBACK = ("localhost", "127.0.0.1", "::1")
ALLOWED_ON_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass
class Instance:
    """A data folder in use. While `lock` is open, no second instance can use the folder."""

    data_dir: Path
    lock: Any = None

    @classmethod
    def open(cls) -> "Instance":
        """Return the instance of DATA_DIR and create the folder. Raises: Refusal."""
        data_dir = env.path("DATA_DIR", BASE_DIR / "var")
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("mail", "media", "static"):
                (data_dir / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Refusal(
                f"DATA_DIR {data_dir} cannot be used ({error.strerror}): choose a folder that this "
                "user may write to"
            ) from None
        return cls(data_dir)

    def acquire(self) -> None:
        """Lock the folder for this process. Raises: Refusal."""
        self.lock = (self.data_dir / "lock").open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            known = self.read_state()
            raise Refusal(
                f"{self.data_dir} is in use by process {known.get('pid', '?')} "
                f"({known.get('address', 'starting')}): stop it, or give this one another DATA_DIR"
            ) from None
        # A fork with the file open would keep the folder locked after the end of this process.
        os.register_at_fork(after_in_child=self.lock.close)

    def write_state(self, **state: Any) -> None:
        """Record the address and the source of this run, for `manage` and a second instance."""
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
        """Return the secret key in the folder; the first call creates it. Raises: OSError."""
        path = self.data_dir / SECRET_KEY_FILE
        return read_or_create_key(path, lambda: secrets.token_urlsafe(50))

    def environment(self, **decided: str) -> dict[str, str]:
        """Return the environment of the instance's processes. Raises: Refusal, OSError."""
        https = env.boolean("HTTPS", default=False)
        return {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DATA_DIR": str(self.data_dir),
            "SECRET_KEY": env.secret("SECRET_KEY") or self.secret_key(),
            "REDIS_URL": env.redis_url("REDIS_URL") or f"unix://{socket_path(self.data_dir)}",
            "HTTPS": "1" if https else "0",
            "SITE_URL": self._site_url(),
            "ALLOWED_HOSTS": ",".join(env.hosts("ALLOWED_HOSTS", _own_names())),
            "ALLOW_SIMULATED": "1",
            "QUOTE_STREAM": _streams(decided.get("QUOTE_SOURCE", "")),
            **decided,
        }

    def _site_url(self) -> str:
        """Return the site's own URL: the configured one, or the one printed by the last start."""
        latest = str(self.read_state().get("address", "")).rstrip("/")
        return read_site_url(env.origins("CSRF_TRUSTED_ORIGINS")) or latest or own_url()


def _streams(source: str) -> str:
    """Return QUOTE_STREAM; empty if `auto` has found no real source: all prices are simulated."""
    is_fallback = source == "simulated" and env.items("QUOTE_SOURCE", ["auto"]) == ["auto"]
    return "" if is_fallback else ",".join(env.items("QUOTE_STREAM"))


def _own_names() -> list[str]:
    """Return the names of this machine that visitors may use when ALLOWED_HOSTS gives none."""
    host = env.host("HOST", "127.0.0.1")
    if host in LOOPBACK:
        return list(ALLOWED_ON_LOOPBACK)
    own = socket.gethostname() if host in WILDCARDS else host
    return [*ALLOWED_ON_LOOPBACK, f"[{own}]" if ":" in own else own]
