"""Files of uploads: MEDIA_ROOT/uploads/<key>/ with `file`, or `full.webp` and its thumbnails."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def root() -> Path:
    return Path(settings.MEDIA_ROOT) / "uploads"


def folder(key: str) -> Path:
    """Return the folder of `key`. Raises: ValueError if `key` has the wrong form, as `../x` has."""
    if not KEY.fullmatch(key):
        raise ValueError(key)
    return root() / key


def write(key: str, data: bytes) -> None:
    folder(key).mkdir(parents=True, exist_ok=True)
    (folder(key) / "file").write_bytes(data)


def copy(key: str, new_key: str) -> None:
    """Copy a folder with its files; nothing happens if it does not exist."""
    if folder(key).is_dir():
        shutil.copytree(folder(key), folder(new_key))


def path_of(key: str, name: str) -> Path | None:
    """Return the path of a file; None if it does not exist."""
    path = folder(key) / name
    return path if path.is_file() else None


def remove(key: str) -> None:
    """Remove a folder with its files. Safe to repeat."""
    shutil.rmtree(folder(key), ignore_errors=True)


def keys_older_than(seconds: float) -> Iterator[str]:
    """Yield the keys of folders unchanged for that many seconds."""
    if not root().is_dir():
        return
    before = time.time() - seconds
    for path in root().iterdir():
        if KEY.fullmatch(path.name) and path.stat().st_mtime < before:
            yield path.name
