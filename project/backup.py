"""Backup archives of a running instance: its database and media in one tar.gz.

SQLite is copied and restored by its backup API, which does not block readers and writers;
PostgreSQL by pg_dump and libpq. Both restore the whole database in one transaction.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.archive import ArchiveError, unpack
from project.sql_dump import DumpError, load_dump

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.sql"}
LOCK_TIMEOUT_MS = 10_000
MAX_MANIFEST = 64 * 1024


class BackupError(Exception):
    """A failure to write or read an archive, explained in one line."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The contents of an archive: Django's database settings, the vendor, and the media folder."""

    vendor: str
    database: Mapping[str, Any]
    media: Path


def write_archive(*, stores: Stores, to: Path) -> Path:
    """Write database and media to the new file `to`; return its path. Raises: BackupError."""
    if to.exists():
        raise BackupError(f"{to} already exists")
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".backup-") as folder:
        work = Path(folder)
        database = work / DATABASE[stores.vendor]
        _DUMP[stores.vendor](stores.database, database)
        manifest = {"format": FORMAT, "database": stores.vendor, "made_at": time.time()}
        (work / MANIFEST).write_text(json.dumps(manifest))
        unfinished = work / "archive.tar.gz"
        with tarfile.open(unfinished, "w:gz", compresslevel=6) as archive:
            archive.add(work / MANIFEST, MANIFEST)
            archive.add(database, database.name)
            if stores.media.is_dir():
                archive.add(stores.media, "media", filter=_plain)
        unfinished.chmod(0o600)
        unfinished.rename(to)
    return to


def restore_archive(*, stores: Stores, archive: Path) -> None:
    """Restore database and media from an archive, which is checked before anything changes.

    Raises: BackupError.
    """
    if os.path.ismount(stores.media):
        raise BackupError(
            f"{stores.media} is a mount, which cannot be replaced: restore where it is a folder"
        )
    stores.media.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stores.media.parent, prefix=".restore-") as folder:
        work = Path(folder)
        unpack_archive(archive, work, stores.vendor)
        _LOAD[stores.vendor](stores.database, work / DATABASE[stores.vendor])
        fresh = work / "media"
        fresh.mkdir(mode=0o700, exist_ok=True)
        if stores.media.exists():
            stores.media.rename(work / "media-before")
        fresh.rename(stores.media)


def remove_old_archives(*, folder: Path, pattern: str, keep: int) -> list[Path]:
    """Delete all but the newest archives of a folder; return the deleted ones."""
    archives = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
    old = archives[:-keep]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Return folders and regular files without their owner, and None for other members."""
    if not (member.isdir() or member.isreg()):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack_archive(archive: Path, to: Path, vendor: str) -> None:
    """Unpack an archive that contains only expected members. Raises: BackupError."""
    try:
        unpack(archive, to, _check_member)
        made_for, is_known = _read_manifest(to / MANIFEST)
        is_whole = (to / DATABASE[vendor]).is_file() or made_for != vendor
    except ArchiveError as error:
        raise BackupError(f"{archive} is refused: {error}") from None
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise BackupError(f"{archive} is not a complete backup of Pregão ({error})") from None
    if not is_known:
        raise BackupError(f"{archive} was made by a newer version")
    if made_for != vendor:
        raise BackupError(f"{archive} contains a {made_for} database; this instance has {vendor}")
    if not is_whole:
        raise BackupError(f"{archive} is not a complete backup of Pregão (it has no database)")


def _read_manifest(path: Path) -> tuple[str, bool]:
    """Return the archived database's vendor and whether this version knows the archive's format.

    Raises: ArchiveError, OSError.
    """
    try:
        manifest = json.loads(path.read_text())
        made_for, format_ = manifest["database"], manifest["format"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ArchiveError("its manifest is malformed") from None
    if made_for not in tuple(DATABASE):
        raise ArchiveError("its manifest names no known database")
    return made_for, format_ == FORMAT


def _check_member(member: tarfile.TarInfo) -> None:
    top, _, path = member.name.partition("/")
    expected = top == "media" if path or member.isdir() else top in (MANIFEST, *DATABASE.values())
    if not expected:
        raise ArchiveError(f"it contains an unexpected {member.name!r}")
    if member.name == MANIFEST and member.size > MAX_MANIFEST:
        raise ArchiveError("its manifest is too long")


def _dump_sqlite(database: Mapping[str, Any], to: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{_uri(database['NAME'])}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError("the database is damaged: restore an earlier archive")


def _load_sqlite(database: Mapping[str, Any], archived: Path) -> None:
    with closing(sqlite3.connect(archived)) as source:
        try:
            intact = source.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            source.execute("SELECT 1 FROM django_migrations LIMIT 1").fetchone()
        except sqlite3.DatabaseError as error:
            raise BackupError(f"the archived database cannot be read ({error})") from None
        if not intact:
            raise BackupError("the archived database is damaged")
        with closing(sqlite3.connect(database["NAME"])) as target:
            target.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
            # All pages in one step, so in one transaction: until its end readers see the old state.
            source.backup(target)


def _uri(name: Any) -> str:
    return str(name).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _dump_postgresql(database: Mapping[str, Any], to: Path) -> None:
    _run("pg_dump", "--no-owner", "--no-privileges", f"--file={to}", database=database)


def _load_postgresql(database: Mapping[str, Any], archived: Path) -> None:
    import psycopg  # noqa: PLC0415 - only where the database is PostgreSQL
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - the same

    try:
        conninfo = make_conninfo(**connection_parameters(database))
        with psycopg.connect(conninfo) as connection, archived.open("rb") as dump:
            load_dump(connection, dump)
    except DumpError as error:
        raise BackupError(f"the archived database is refused: {error}") from None
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise BackupError(f"the archived database cannot be restored: {reason}") from None


def connection_parameters(database: Mapping[str, Any]) -> dict[str, str]:
    """Return libpq's parameters for Django's database settings."""
    options = database.get("OPTIONS", {})
    known = {
        "host": database.get("HOST") or options.get("host"),
        "port": database.get("PORT"),
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "dbname": database["NAME"],
        **{name: options.get(name) for name in _TLS},
        "connect_timeout": 5,
        "options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c client_min_messages=warning",
    }
    return {name: str(value) for name, value in known.items() if value}


def _run(tool: str, *arguments: str, database: Mapping[str, Any]) -> None:
    """Run a PostgreSQL tool on the database, with the password in the environment."""
    path = shutil.which(tool)
    if path is None:
        raise BackupError(f"{tool} is not on PATH: install PostgreSQL's client programs")
    environment = os.environ | {
        _VARIABLES[name]: value for name, value in connection_parameters(database).items()
    }
    done = subprocess.run(  # noqa: S603 - our own arguments
        [path, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BackupError(f"{tool} failed: {reason}")


_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
_SAME = ("host", "port", "user", "password", "options", *_TLS)
_VARIABLES = {
    "dbname": "PGDATABASE",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    **{
        name: f"PG{name.upper()}" for name in ("host", "port", "user", "password", "options", *_TLS)
    },
}
_DUMP = {"sqlite": _dump_sqlite, "postgresql": _dump_postgresql}
_LOAD = {"sqlite": _load_sqlite, "postgresql": _load_postgresql}
