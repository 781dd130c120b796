"""Stores for media: the folder MEDIA_ROOT, or an S3 bucket (MEDIA_S3_BUCKET).

A store has folders, such as `avatars/<key>`, with files. Several hosts can share either kind.
Browsers never read from a bucket: the views check who may see a file, and return it.
"""

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 30


class MediaUnavailable(DomainError):
    """The bucket did not answer in time, or refused the request."""

    def __init__(self) -> None:
        sentence = _("Os arquivos estão indisponíveis no momento; tente de novo em instantes.")
        super().__init__("unavailable", sentence, retry_after_s=RETRY_AFTER_S)


class Store(Protocol):
    """Files by folder and name. Every method except `remove` may raise MediaUnavailable."""

    def read(self, folder: str, name: str) -> bytes | None:
        """Return a file's content; None if it does not exist."""

    def write(self, folder: str, name: str, data: bytes) -> None: ...

    @contextmanager
    def workspace(self, folder: str, *names: str) -> Iterator[Path]:
        """Yield a local folder with the files `names`; files written to it are stored."""

    def copy(self, folder: str, to: str) -> None:
        """Copy a folder with its files; a missing folder is ignored."""

    def remove_file(self, folder: str, name: str) -> None: ...

    def remove(self, folder: str) -> None:
        """Remove a folder with its files; if that fails, a sweep removes it later."""

    def folders_older_than(self, parent: str, seconds: float) -> Iterator[str]:
        """Yield the names of folders in `parent` that have not changed for that many seconds."""


def store() -> Store:
    return BucketStore() if settings.MEDIA_S3_BUCKET else FolderStore()


class FolderStore:
    """Media in MEDIA_ROOT, which several hosts may share."""

    def path(self, folder: str) -> Path:
        return Path(settings.MEDIA_ROOT) / folder

    def read(self, folder: str, name: str) -> bytes | None:
        try:
            return (self.path(folder) / name).read_bytes()
        except OSError:
            return None

    def write(self, folder: str, name: str, data: bytes) -> None:
        self.path(folder).mkdir(parents=True, exist_ok=True)
        (self.path(folder) / name).write_bytes(data)

    @contextmanager
    def workspace(self, folder: str, *names: str) -> Iterator[Path]:
        # Without a file to work on, this is the work of a folder that was removed meanwhile.
        if not names:
            self.path(folder).mkdir(parents=True, exist_ok=True)
        yield self.path(folder)

    def copy(self, folder: str, to: str) -> None:
        if self.path(folder).is_dir():
            shutil.copytree(self.path(folder), self.path(to))

    def remove_file(self, folder: str, name: str) -> None:
        (self.path(folder) / name).unlink(missing_ok=True)

    def remove(self, folder: str) -> None:
        shutil.rmtree(self.path(folder), ignore_errors=True)

    def folders_older_than(self, parent: str, seconds: float) -> Iterator[str]:
        root = self.path(parent)
        if not root.is_dir():
            return
        before = time.time() - seconds
        for path in root.iterdir():
            if path.stat().st_mtime < before:
                yield path.name


class BucketStore:
    """Media in a bucket, through django-storages; project/media.py sets the time-outs."""

    def __init__(self) -> None:
        self.storage: Any = default_storage

    def read(self, folder: str, name: str) -> bytes | None:
        with _answering():
            try:
                with self.storage.open(f"{folder}/{name}") as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def write(self, folder: str, name: str, data: bytes) -> None:
        with _answering():
            self.storage.save(f"{folder}/{name}", ContentFile(data))

    @contextmanager
    def workspace(self, folder: str, *names: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="pregao-media-") as temporary:
            local = Path(temporary)
            for name in names:
                if (data := self.read(folder, name)) is not None:
                    (local / name).write_bytes(data)
            yield local
            for path in sorted(local.iterdir()):
                if path.name not in names:
                    self.write(folder, path.name, path.read_bytes())

    def copy(self, folder: str, to: str) -> None:
        with _answering():
            for found in self._objects(folder):
                name = found.key.rpartition("/")[2]
                source = {"Bucket": found.bucket_name, "Key": found.key}
                self.storage.bucket.Object(f"{to}/{name}").copy_from(CopySource=source)

    def remove_file(self, folder: str, name: str) -> None:
        with _answering():
            self.storage.delete(f"{folder}/{name}")

    def remove(self, folder: str) -> None:
        try:
            with _answering():
                for found in self._objects(folder):
                    found.delete()
        except MediaUnavailable:
            logger.warning("%s was not removed from the bucket", folder)

    def folders_older_than(self, parent: str, seconds: float) -> Iterator[str]:
        before, newest = time.time() - seconds, dict[str, float]()
        with _answering():
            for found in self._objects(parent):
                folder = found.key.split("/")[1]
                changed_at = found.last_modified.timestamp()
                newest[folder] = max(newest.get(folder, 0.0), changed_at)
        yield from (folder for folder, changed_at in newest.items() if changed_at < before)

    def _objects(self, folder: str) -> Any:
        return self.storage.bucket.objects.filter(Prefix=f"{folder}/")


@contextmanager
def _answering() -> Iterator[None]:
    """Raise MediaUnavailable for the bucket's errors."""
    from botocore.exceptions import (  # noqa: PLC0415 - 0.4 s, only where a bucket is set
        BotoCoreError,
        ClientError,
    )

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        logger.warning("the bucket of media failed: %s", " ".join(str(error).split()))
        raise MediaUnavailable from None
