"""Where pictures lie: MEDIA_ROOT/avatars/<key>/<size>.webp, and source.png until these are made."""

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
    """Return the name of a new folder, which nobody guesses."""
    return secrets.token_urlsafe(16)


def folder(key: str) -> Path:
    """Return the folder of `key`. Raises: ValueError for what can be no key."""
    if not KEY.fullmatch(key):
        raise ValueError(key)
    return root() / key


def root() -> Path:
    return Path(settings.MEDIA_ROOT) / "avatars"


def thumbnail(key: str, size: int) -> bytes | None:
    """Return a thumbnail's WebP, None where there is none."""
    if not KEY.fullmatch(key) or size not in SIZES:
        return None
    try:
        return (folder(key) / f"{size}.webp").read_bytes()
    except OSError:
        return None


def remove(key: str) -> None:
    """Remove a folder and what lies in it. Safe to repeat."""
    if key:
        shutil.rmtree(folder(key), ignore_errors=True)


def keys_older_than(seconds: float) -> Iterator[str]:
    """Yield the keys of the folders that nothing was put into for that long."""
    if not root().is_dir():
        return
    before = time.time() - seconds
    for found in root().iterdir():
        if KEY.fullmatch(found.name) and found.stat().st_mtime < before:
            yield found.name
