"""Restore drill: test that an archive can be restored, in a separate database."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from project.backup import DATABASE, BackupError, Stores, connection_parameters, unpack_archive
from project.sql_dump import DumpError, load_dump

COUNT = "SELECT count(*) FROM {}django_migrations"


def check_archive(*, stores: Stores, archive: Path) -> str:
    """Restore an archive into an empty database, delete it, and return what was checked.

    A PostgreSQL role that may not create databases cannot do this; the result then says so. Raises:
    BackupError.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".check-") as folder:
        unpack_archive(archive, Path(folder), stores.vendor)
        check = _check_sqlite if stores.vendor == "sqlite" else _check_postgresql
        return check(Path(folder) / DATABASE[stores.vendor], stores.database)


def _check_sqlite(archived: Path, _database: Mapping[str, Any]) -> str:
    try:
        with closing(sqlite3.connect(f"file:{archived}?mode=ro&immutable=1", uri=True)) as copy:
            intact = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            migrations = copy.execute(COUNT.format("")).fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupError(f"the archived database cannot be read ({error})") from None
    if not (intact and migrations):
        raise BackupError("the archived database is damaged")
    return f"the database is intact, with {migrations} migrations"


def _check_postgresql(archived: Path, database: Mapping[str, Any]) -> str:
    import psycopg  # noqa: PLC0415 - only where the database is PostgreSQL
    from psycopg import errors  # noqa: PLC0415 - the same

    try:
        with _empty_database(database) as parameters, psycopg.connect(**parameters) as connection:
            with archived.open("rb") as dump:
                load_dump(connection, dump)
            row: Any = connection.execute(COUNT.format("public.")).fetchone()
    except errors.InsufficientPrivilege:
        return "not restored: the database role may not create databases (ALTER ROLE … CREATEDB)"
    except DumpError as error:
        raise BackupError(f"the archived database is refused: {error}") from None
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise BackupError(f"the archived database cannot be restored: {reason}") from None
    if not row[0]:
        raise BackupError("the archived database is empty")
    return f"the database was restored, with {row[0]} migrations"


@contextmanager
def _empty_database(database: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Create an empty database on the same server, yield its connection parameters, and drop it."""
    import psycopg  # noqa: PLC0415 - only where the database is PostgreSQL
    from psycopg import sql  # noqa: PLC0415 - the same

    parameters: dict[str, Any] = dict(connection_parameters(database))
    name = f"{parameters['dbname']}_check_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(**parameters, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
        try:
            yield parameters | {"dbname": name}
        finally:
            owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
