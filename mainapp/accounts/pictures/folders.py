"""Picture files: MEDIA_ROOT/avatars/<key>/<size>.webp, and source.png until these are made."""

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

SIZES = (48, 150, 600)
KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def new_key() -> str:
    """Return an unguessable name for a new folder."""
    return secrets.token_urlsafe(16)


def folder(key: str) -> Path:
    """Return the folder of `key`. Raises: ValueError if `key` has the wrong form, as `../x` has."""
    if not KEY.fullmatch(key):
        raise ValueError(key)
    return root() / key


def root() -> Path:
    return Path(settings.MEDIA_ROOT) / "avatars"


def thumbnail(key: str, size: int) -> bytes | None:
    """Return a thumbnail as WebP; None if it does not exist."""
    if not KEY.fullmatch(key) or size not in SIZES:
        return None
    try:
        return (folder(key) / f"{size}.webp").read_bytes()
    except OSError:
        return None


def remove(key: str) -> None:
    """Remove a folder with its files. Safe to repeat; an empty key is ignored."""
    if key:
        shutil.rmtree(folder(key), ignore_errors=True)


def keys_older_than(seconds: float) -> Iterator[str]:
    """Yield the keys of folders unchanged for that many seconds."""
    if not root().is_dir():
        return
    before = time.time() - seconds
    for path in root().iterdir():
        if KEY.fullmatch(path.name) and path.stat().st_mtime < before:
            yield path.name
