"""Unpacking of untrusted tar.gz archives: expected members only, within limits.

The sizes that an archive declares are not trusted; what is read from it is counted. tarfile itself
reads a header of any size into memory, and a gzip file of 100 MB can expand to 100 GB.
"""

import gzip
import io
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_MEMBERS = 200_000
MAX_HEADER = 64 * 1024
# gzip shrinks SQL dumps to a tenth, and SQLite's files, with their partly empty pages, to a
# thirtieth.
MAX_EXPANSION = 200
FREE_EXPANSION = 64 * 1024 * 1024  # allowed for small archives too
MAX_TRAILER = 1024 * 1024
MAX_MTIME = 2**33  # the year 2242
_CHUNK = 256 * 1024
_LONG_HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)


class ArchiveError(Exception):
    """The reason why an archive is not unpacked, in one line."""


def unpack(archive: Path, to: Path, check: Callable[[tarfile.TarInfo], None]) -> None:
    """Unpack a tar.gz into an empty folder, in one pass.

    `check` raises an error for a member that does not belong in it. Raises: ArchiveError, OSError,
    EOFError, zlib.error, tarfile.TarError.
    """
    limit = min(archive.stat().st_size * MAX_EXPANSION + FREE_EXPANSION, shutil.disk_usage(to).free)
    names: set[str] = set()
    total = 0
    with gzip.open(archive) as unzipped:
        stream = _Counted(unzipped, limit)
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as file:
            for member in file:
                total += member.size
                _check(member, names, total, limit)
                check(member)
                names.add(member.name)
                _write(file, member, to)
        stream.limit = stream.count + MAX_TRAILER
        while stream.read(_CHUNK):  # gzip's checksum is at the end
            pass


def _write(file: tarfile.TarFile, member: tarfile.TarInfo, to: Path) -> None:
    """Write a folder or a file, which were checked, for this user alone.

    Without `tarfile.extract`, whose filters came with Python 3.11.4: Debian 12 has 3.11.2.
    """
    path = to / member.name
    folder = path if member.isdir() else path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if member.isdir():
        return
    with path.open("xb") as written:
        if content := file.extractfile(member):  # None for what is neither
            shutil.copyfileobj(content, written, _CHUNK)
    path.chmod(0o600)
    os.utime(path, (member.mtime, member.mtime))


def _check(member: tarfile.TarInfo, names: set[str], total: int, limit: int) -> None:
    if not (member.isdir() or member.isreg()) or member.issparse():
        raise ArchiveError(f"the archive contains {member.name!r}, neither a file nor a folder")
    if ".." in member.name.split("/") or member.name.startswith("/"):
        raise ArchiveError(f"the archive contains {member.name!r}, outside of its folder")
    if not 0 <= member.mtime <= MAX_MTIME:
        raise ArchiveError(f"the archive contains {member.name!r} with a time that no file has")
    if "\0" in member.name:
        raise ArchiveError("the archive contains a name that no file can have")
    if member.name in names:
        raise ArchiveError(f"the archive contains {member.name!r} twice")
    if len(names) >= MAX_MEMBERS:
        raise ArchiveError(f"the archive contains more than {MAX_MEMBERS} files")
    if total > limit:
        raise ArchiveError(_too_big(limit))


def _too_big(limit: int) -> str:
    return (
        f"the archive expands to more than {limit // 2**20} MiB: more than a backup of its size "
        "does, or than the disk has left"
    )


class _Counted(io.RawIOBase):
    """A stream that raises ArchiveError after `limit` bytes."""

    def __init__(self, source: Any, limit: int) -> None:
        super().__init__()
        self._source = source
        self.limit = limit
        self.count = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self._source.read(size if 0 <= size <= _CHUNK else _CHUNK)
        self.count += len(chunk)
        if self.count > self.limit:
            raise ArchiveError(_too_big(self.limit))
        return chunk


class _Member(tarfile.TarInfo):
    """A member with a limit on its long headers, which tarfile reads into memory."""

    def _proc_member(self, file: Any) -> Any:
        if self.type in _LONG_HEADERS and self.size > MAX_HEADER:
            raise ArchiveError("the archive contains a header that is too long")
        return super()._proc_member(file)  # type: ignore[misc] # tarfile's hook for subclasses
