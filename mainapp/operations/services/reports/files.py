"""Report files in REPORTS_DIR. All names of a report's files begin with its random key."""

import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO

from django.conf import settings

MODE = 0o700
ORPHAN_S = 3600.0


def folder() -> Path:
    path = Path(settings.REPORTS_DIR)
    path.mkdir(mode=MODE, parents=True, exist_ok=True)
    return path


def open_part(name: str, *, earlier: str, size: int) -> IO[bytes]:
    """Open a report's file of rows, to append after its first `size` bytes.

    `earlier` is the file of the last claim. If it is another file, its rows are copied, because a
    worker that lost its lease may still write to it. Raises: FileNotFoundError if it is missing.
    """
    path = folder() / name
    if earlier and earlier != name:
        shutil.copyfile(folder() / earlier, path)
    file = path.open("r+b" if earlier else "w+b")
    try:
        if file.seek(0, os.SEEK_END) < size:
            raise FileNotFoundError(name)
        file.truncate(size)
        file.seek(size)
    except BaseException:
        file.close()
        raise
    return file


def store(file: IO[bytes], data: bytes) -> None:
    """Append to a file and flush it to the disk."""
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def open_file(name: str) -> IO[bytes]:
    """Open a file for reading. Raises: FileNotFoundError."""
    return (folder() / name).open("rb")


def remove_files(key: str, *, but: str = "") -> None:
    """Remove a report's files except the one named `but`. Open files stay readable."""
    for path in folder().glob(f"{key}*"):
        if path.name != but:
            path.unlink(missing_ok=True)


def remove_orphans(keys: Collection[str]) -> int:
    """Remove files of reports whose keys are not in `keys`; return their number.

    Killed workers leave such files. Recent files stay: they may belong to a report created after
    `keys` was read.
    """
    count = 0
    for path in folder().iterdir():
        is_old = path.stat().st_mtime < time.time() - ORPHAN_S
        if is_old and path.name.partition("-")[0] not in keys:
            path.unlink(missing_ok=True)
            count += 1
    return count
