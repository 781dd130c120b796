"""Folders with random names, such as MEDIA_ROOT/avatars/<key>/, in which features store files."""

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

SIZES = (48, 150, 600)
KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def new_key() -> str:
    """Return an unguessable name for a new folder."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one feature, in MEDIA_ROOT/`name`."""

    name: str

    @property
    def root(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.name

    def folder(self, key: str) -> Path:
        """Return the folder of `key`. Raises: ValueError for a wrong form, as `../x` has."""
        if not KEY.fullmatch(key):
            raise ValueError(key)
        return self.root / key

    def path_of(self, key: str, name: str) -> Path | None:
        """Return the path of a file; None if it does not exist."""
        path = self.folder(key) / name
        return path if path.is_file() else None

    def thumbnail(self, key: str, size: int) -> bytes | None:
        """Return a thumbnail of a picture as WebP; None if it does not exist."""
        if not KEY.fullmatch(key) or size not in SIZES:
            return None
        try:
            return (self.folder(key) / f"{size}.webp").read_bytes()
        except OSError:
            return None

    def remove(self, key: str) -> None:
        """Remove a folder with its files. Safe to repeat; an empty key is ignored."""
        if key:
            shutil.rmtree(self.folder(key), ignore_errors=True)

    def keys_older_than(self, seconds: float) -> Iterator[str]:
        """Yield the keys of folders unchanged for that many seconds."""
        if not self.root.is_dir():
            return
        before = time.time() - seconds
        for path in self.root.iterdir():
            if KEY.fullmatch(path.name) and path.stat().st_mtime < before:
                yield path.name
