"""Folders with random names, such as avatars/<key>/, in which features store media files."""

import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from mainapp.core.pictures.stores import store

SIZES = (48, 150, 600)
KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def new_key() -> str:
    """Return an unguessable name for a new folder."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one feature, under `name` in the media folder or bucket."""

    name: str

    @property
    def root(self) -> Path:
        """The local folder, if media are not in a bucket."""
        return Path(settings.MEDIA_ROOT) / self.name

    def folder(self, key: str) -> Path:
        """Return the local folder of `key`. Raises: ValueError for a malformed key, as `../x`."""
        return Path(settings.MEDIA_ROOT) / self.place(key)

    def place(self, key: str) -> str:
        """Return the folder's name in the store. Raises: ValueError for a malformed key."""
        if not KEY.fullmatch(key):
            raise ValueError(key)
        return f"{self.name}/{key}"

    def read(self, key: str, name: str) -> bytes | None:
        """Return a file's content; None if it does not exist. Raises: MediaUnavailable."""
        return store().read(self.place(key), name)

    def write(self, key: str, name: str, data: bytes) -> None:
        store().write(self.place(key), name, data)

    def workspace(self, key: str, *names: str) -> AbstractContextManager[Path]:
        """Yield a local folder with the files `names`; files that the block adds are stored."""
        return store().workspace(self.place(key), *names)

    def thumbnail(self, key: str, size: int) -> bytes | None:
        """Return a thumbnail of a picture as WebP; None if it does not exist."""
        if not KEY.fullmatch(key) or size not in SIZES:
            return None
        return self.read(key, f"{size}.webp")

    def copy(self, key: str, new_key: str) -> None:
        """Copy a folder with its files; a missing folder is ignored."""
        store().copy(self.place(key), self.place(new_key))

    def remove_file(self, key: str, name: str) -> None:
        store().remove_file(self.place(key), name)

    def remove(self, key: str) -> None:
        """Remove a folder with its files. Safe to repeat; an empty key is ignored."""
        if key:
            store().remove(self.place(key))

    def keys_older_than(self, seconds: float) -> Iterator[str]:
        """Yield the keys of folders unchanged for that many seconds."""
        for key in store().folders_older_than(self.name, seconds):
            if KEY.fullmatch(key):
                yield key
