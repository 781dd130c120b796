"""Backup archives of a running instance: its database and media in one tar.gz.

SQLite is copied and restored by its backup API, which does not block readers and writers;
PostgreSQL by pg_dump and psql. Both restore the whole database in one transaction.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.sql"}
LOCK_TIMEOUT_MS = 10_000
# All tables, also those that the archive does not contain: it may be older than the schema.
DROP_TABLES = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE %I CASCADE', name);
  END LOOP;
END $$
"""


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
    stores.media.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stores.media.parent, prefix=".restore-") as folder:
        work = Path(folder)
        _unpack(archive, work, stores.vendor)
        _LOAD[stores.vendor](stores.database, work / DATABASE[stores.vendor])
        fresh = work / "media"
        fresh.mkdir(exist_ok=True)
        if stores.media.exists():
            stores.media.rename(work / "media-before")
        fresh.rename(stores.media)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Return folders and regular files without their owner, and None for other members."""
    if not (member.isdir() or member.isreg()):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _unpack(archive: Path, to: Path, vendor: str) -> None:
    """Unpack an archive that contains only expected members. Raises: BackupError."""
    try:
        with tarfile.open(archive, "r:gz") as file:
            members = file.getmembers()
            for member in members:
                _check_member(member, vendor)
            file.extractall(to, members, filter="data")
        manifest = json.loads((to / MANIFEST).read_text())
        made_for = manifest["database"]
        is_known = manifest["format"] == FORMAT
    except (OSError, EOFError, tarfile.TarError, ValueError, LookupError, TypeError) as error:
        raise BackupError(f"{archive} is not a complete backup of Pregão ({error})") from None
    if not is_known:
        raise BackupError(f"{archive} was made by a newer version")
    if made_for != vendor:
        raise BackupError(f"{archive} contains a {made_for} database; this instance has {vendor}")


def _check_member(member: tarfile.TarInfo, vendor: str) -> None:
    top, _, path = member.name.partition("/")
    expected = top == "media" if path or member.isdir() else top in (MANIFEST, *DATABASE.values())
    if not expected or not (member.isdir() or member.isreg()) or ".." in member.name.split("/"):
        raise BackupError(f"the archive contains an unexpected {member.name!r}")


def _dump_sqlite(database: Mapping[str, Any], to: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{_uri(database['NAME'])}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)


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
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    steps = [f"--command={DROP_TABLES}", f"--file={archived}"]
    _run("psql", *options, "--output=/dev/null", *steps, database=database)


def _run(tool: str, *arguments: str, database: Mapping[str, Any]) -> None:
    """Run a PostgreSQL tool on the database, with the password in the environment."""
    path = shutil.which(tool)
    if path is None:
        raise BackupError(f"{tool} is not on PATH: install PostgreSQL's client programs")
    options = database.get("OPTIONS", {})
    host = str(database.get("HOST") or options.get("host") or "")
    known = {
        "PGHOST": host,
        "PGPORT": str(database.get("PORT") or ""),
        "PGUSER": str(database.get("USER") or ""),
        "PGPASSWORD": str(database.get("PASSWORD") or ""),
        "PGDATABASE": str(database["NAME"]),
        "PGSSLMODE": str(options.get("sslmode") or ""),
        "PGCONNECT_TIMEOUT": "5",
        "PGOPTIONS": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c client_min_messages=warning",
    }
    environment = os.environ | {name: value for name, value in known.items() if value}
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


_DUMP = {"sqlite": _dump_sqlite, "postgresql": _dump_postgresql}
_LOAD = {"sqlite": _load_sqlite, "postgresql": _load_postgresql}
