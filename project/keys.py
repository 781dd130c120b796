"""Key files in the data folder, and a file with all keys of an instance, apart from its data."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

FORMAT = 1
SECRET_KEY_FILE, VAPID_KEY_FILE, MFA_KEY_FILE = "secret-key", "vapid-key", "mfa-key"


class KeysError(Exception):
    """A failure to write or read a file of keys, explained in one line."""


def read_or_create_key(path: Path, create: Callable[[], str]) -> str:
    """Return the key in a file; the first call creates it. Raises: OSError.

    Safe to call in several processes at once: all of them get the same key.
    """
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(create())
        with contextlib.suppress(FileExistsError):  # another process has created it
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()


def write_keys(to: Path, keys: Mapping[str, object]) -> None:
    """Write keys to a new file that only its owner can read. Raises: KeysError, OSError."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        file = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeysError(f"{to} already exists") from None
    with os.fdopen(file, "w") as stream:
        json.dump({"format": FORMAT, **keys}, stream, indent=1)
        stream.write("\n")


def read_keys(path: Path) -> dict[str, object]:
    """Return the keys in a file that `write_keys` wrote. Raises: KeysError, OSError."""
    try:
        keys = json.loads(path.read_text())
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or keys.get("format") != FORMAT:
        raise KeysError(f"{path} is not a file of keys of this version")
    return keys


def restore_key(path: Path, key: str) -> None:
    """Put a key into its file. Raises: KeysError, OSError.

    Another key is never replaced: it may be in use.
    """
    if read_or_create_key(path, lambda: key) != key:
        raise KeysError(f"{path} has another key: move that file away first")
