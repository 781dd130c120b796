"""Streaming of text from a file that may be a zip, in memory that does not depend on its size."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import IO, Any, BinaryIO, cast

from mainapp.market.readers.faults import CotahistError, FileFault

GIB = 2**30
MAX_TEXT_GIB = 3  # the year 2026 has 0.7 GB until September
BUFFER = 2**18
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
# The end of a zip's directory: 22 bytes and a comment; the directory's size is at 12.
END, END_SIZE, MAX_COMMENT = b"PK\x05\x06", 22, 2**16
ZIP64_LOCATOR, ZIP64_LOCATOR_SIZE = b"PK\x06\x07", 20
MAX_DIRECTORY = 2**14


@contextmanager
def open_text(file: BinaryIO) -> Iterator[BufferedReader]:
    """Open the text of a file: its only member if it is a zip, otherwise itself.

    Raises: CotahistError, also while the stream is read.
    """
    file.seek(0)
    is_zip = file.read(2) == b"PK"
    file.seek(0)
    if is_zip:
        with _archive(file) as archive:
            try:
                with _opened_member(archive) as member:
                    yield BufferedReader(cast(Any, member), BUFFER)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise CotahistError(FileFault.ZIP_DAMAGED) from error
        return
    stream = BufferedReader(cast(Any, file), BUFFER)
    yield stream
    stream.detach()  # otherwise it would close the file


@contextmanager
def _faults_of_zips() -> Iterator[None]:
    """Turn all that `zipfile` raises for an altered file into a fault. Raises: CotahistError."""
    try:
        yield
    except NotImplementedError as error:  # a later version, patched data, strong encryption
        raise CotahistError(FileFault.ZIP_UNSUPPORTED) from error
    except (zipfile.BadZipFile, OSError, ValueError, struct.error) as error:
        raise CotahistError(FileFault.ZIP_DAMAGED) from error


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    _check_directory(file)
    with _faults_of_zips():
        return zipfile.ZipFile(file)


def _opened_member(archive: zipfile.ZipFile) -> IO[bytes]:
    member = _only_member(archive)
    with _faults_of_zips():
        return archive.open(member)


def _check_directory(file: BinaryIO) -> None:
    """Refuse a zip whose directory is missing or long, before `zipfile` reads all of it.

    12 MB of directory entries took 135 MB of memory.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - END_SIZE - MAX_COMMENT - ZIP64_LOCATOR_SIZE))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + END_SIZE:
        raise CotahistError(FileFault.ZIP_DAMAGED)
    if tail[max(0, at - ZIP64_LOCATOR_SIZE) : at].startswith(ZIP64_LOCATOR):
        raise CotahistError(FileFault.ZIP_UNSUPPORTED)
    if int.from_bytes(tail[at + 12 : at + 16], "little") > MAX_DIRECTORY:
        raise CotahistError(
            FileFault.ZIP_FILES, count=int.from_bytes(tail[at + 10 : at + 12], "little")
        )
    file.seek(0)


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise CotahistError(FileFault.ZIP_FILES, count=len(members))
    member = members[0]
    if member.flag_bits & ENCRYPTED or member.compress_type not in METHODS:
        raise CotahistError(FileFault.ZIP_UNSUPPORTED)
    if member.file_size > MAX_TEXT_GIB * GIB:
        raise CotahistError(FileFault.TOO_LARGE, limit=MAX_TEXT_GIB)
    return member
