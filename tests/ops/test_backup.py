"""Backup and restore of a running instance, and refusals of invalid archives."""

import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from project import archive as archives
from project.backup import (
    BackupError,
    Stores,
    remove_old_archives,
    restore_archive,
    write_archive,
)
from project.drill import check_archive
from project.sql_dump import DumpError, _statements
from tests.instances import get, run
from tests.postgresql import PostgreSQL

DATABASE = "database.sqlite3"


def manage(site, *arguments, **env_vars):
    return run("-m", "project.launcher", "manage", *arguments, **site.env_vars | env_vars)


def names(path):
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT username FROM accounts_user ORDER BY username").fetchall()
    database.close()
    return [name for (name,) in rows]


def create(site, name):
    code = f"from mainapp.accounts.models import User; User.objects.create_user({name!r})"
    assert manage(site, "shell", "-v", "0", "-c", code).returncode == 0


def test_restore_brings_back_the_data_of_a_running_instance(site, tmp_path):
    archive = tmp_path / "a.tar.gz"
    picture = site.data_dir / "media" / "ana.png"
    create(site, "ana")
    picture.write_bytes(b"a picture")
    assert manage(site, "backup", "--to", str(archive)).stdout == f"backup: {archive}\n"
    assert archive.stat().st_mode & 0o777 == 0o600
    create(site, "bruno")
    picture.unlink()

    done = manage(site, "restore", str(archive))

    assert done.returncode == 0, done.stderr
    assert names(site.data_dir / "pregao.sqlite3") == ["ana"]
    assert picture.read_bytes() == b"a picture"
    assert get(f"{site.url}/")[0] == 200
    before = Path(done.stdout.split()[-1])
    with tarfile.open(before) as archive_before:
        archive_before.extract(DATABASE, tmp_path, filter="data")
    assert names(tmp_path / DATABASE) == ["ana", "bruno"]


def test_backup_does_not_overwrite_a_file(site, tmp_path):
    existing = tmp_path / "taken.tar.gz"
    existing.write_text("mine")

    done = manage(site, "backup", "--to", str(existing))

    assert (done.returncode, existing.read_text()) == (1, "mine")
    assert done.stderr == f"pregao: no backup: {existing} already exists\n"


@pytest.fixture
def stores(tmp_path):
    """A small database and a media folder."""
    database = tmp_path / "live.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE django_migrations (name)")
    connection.close()
    (tmp_path / "media").mkdir()
    return Stores(vendor="sqlite", database={"NAME": str(database)}, media=tmp_path / "media")


def tampered(archive, name, *, kind=tarfile.REGTYPE, body=b"", keeps=False, mtime=0):
    """Return a copy of an archive with a member added or, unless `keeps`, replaced."""
    copy = archive.with_name("tampered.tar.gz")
    with tarfile.open(archive) as source, tarfile.open(copy, "w:gz") as target:
        for member in source.getmembers():
            if keeps or member.name != name:
                target.addfile(member, source.extractfile(member) if member.isreg() else None)
        extra = tarfile.TarInfo(name)
        extra.type, extra.size, extra.linkname = kind, len(body), "/etc/passwd"
        extra.mtime = mtime
        target.addfile(extra, io.BytesIO(body))
    return copy


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("../outside", {}),
        ("media/../../outside", {}),
        ("/outside", {}),
        ("media/link", {"kind": tarfile.SYMTYPE}),
        ("media/hard", {"kind": tarfile.LNKTYPE}),
        ("secret-key", {}),
        (DATABASE, {"body": b"no database"}),
        ("manifest.json", {"body": b"[]"}),
        ("manifest.json", {"body": b"[" * 60_000}),
        ("manifest.json", {"body": b'{"a":' * 9_000}),
        ("manifest.json", {"body": b"\xff{}"}),
        ("manifest.json", {"body": b" " * 70_000}),
        ("manifest.json", {"body": b'{"format": 1, "database": []}'}),
        ("manifest.json", {"body": b"{}", "keeps": True}),
        ("media/manifest.json/manifest.json", {"kind": tarfile.CHRTYPE}),
        ("media/é\0nul", {}),
        ("media/late", {"mtime": 10**40}),
        ("media/early", {"mtime": -1}),
        ("media/pipe", {"kind": tarfile.FIFOTYPE}),
        ("media/sparse", {"kind": tarfile.GNUTYPE_SPARSE}),
        ("manifest.json", {"body": json.dumps({"format": 2, "database": "sqlite"}).encode()}),
        ("manifest.json", {"body": json.dumps({"format": 1, "database": "postgresql"}).encode()}),
    ],
)
def test_foreign_archive_changes_nothing(stores, tmp_path, name, options):
    archive = tampered(write_archive(stores=stores, to=tmp_path / "a.tar.gz"), name, **options)
    (stores.media / "kept.txt").write_text("kept")

    with pytest.raises(BackupError) as refused:
        restore_archive(stores=stores, archive=archive)

    assert str(refused.value).count("\n") == 0
    assert (stores.media / "kept.txt").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.tar.gz",
        "live.sqlite3",
        "media",
        "tampered.tar.gz",
    ]


def test_restored_files_belong_to_one_user_on_every_python(stores, tmp_path, monkeypatch):
    """Debian 12 has Python 3.11.2, whose `extract` has no filters."""
    (stores.media / "avatars").mkdir()
    (stores.media / "avatars" / "a.webp").write_text("picture")
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    shutil.rmtree(stores.media)
    monkeypatch.delattr(tarfile.TarFile, "extract")
    monkeypatch.delattr(tarfile.TarFile, "extractall")

    restore_archive(stores=stores, archive=archive)

    paths = [stores.media, stores.media / "avatars", stores.media / "avatars" / "a.webp"]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o700, 0o700, 0o600]
    assert paths[-1].read_text() == "picture"


def test_media_on_a_mount_are_refused_before_anything_changes(stores, tmp_path, monkeypatch):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    database = Path(stores.database["NAME"]).read_bytes()
    monkeypatch.setattr(os.path, "ismount", lambda path: path == stores.media)

    with pytest.raises(BackupError, match="media is a mount, which cannot be replaced"):
        restore_archive(stores=stores, archive=archive)

    assert Path(stores.database["NAME"]).read_bytes() == database


def test_truncated_archive_changes_nothing(stores, tmp_path):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    archive.write_bytes(archive.read_bytes()[:-40])

    with pytest.raises(BackupError):
        restore_archive(stores=stores, archive=archive)


def test_archive_without_a_database_is_refused(stores, tmp_path):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    with tarfile.open(archive) as source, tarfile.open(tmp_path / "b.tar.gz", "w:gz") as target:
        target.addfile(source.getmember("manifest.json"), source.extractfile("manifest.json"))

    with pytest.raises(BackupError, match="it has no database"):
        restore_archive(stores=stores, archive=tmp_path / "b.tar.gz")


def test_archive_that_expands_too_far_is_refused(stores, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "FREE_EXPANSION", 1024 * 1024)
    monkeypatch.setattr(archives, "MAX_EXPANSION", 50)
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    bomb = tampered(archive, "media/zeros", body=bytes(4 * 1024 * 1024))

    with pytest.raises(BackupError, match="expands to more than 1 MiB"):
        restore_archive(stores=stores, archive=bomb)


def test_archive_with_zeros_after_its_end_is_refused(stores, tmp_path, monkeypatch):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    with archive.open("ab") as file:
        file.write(gzip.compress(bytes(8 * 1024 * 1024)))

    with pytest.raises(BackupError, match="expands"):
        restore_archive(stores=stores, archive=archive)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_archive_with_a_huge_header_is_refused_unread(stores, tmp_path, kind):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    bomb = tampered(archive, "media/x", kind=kind, body=bytes(70_000))

    with pytest.raises(BackupError, match="a header that is too long"):
        restore_archive(stores=stores, archive=bomb)


def test_archive_with_too_many_files_is_refused(stores, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    for number in range(5):
        (stores.media / f"{number}").touch()
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")

    with pytest.raises(BackupError, match="more than 5 files"):
        restore_archive(stores=stores, archive=archive)


@pytest.fixture(scope="module")
def server():
    started = PostgreSQL()
    yield started
    started.close()


@pytest.fixture
def postgresql(server, monkeypatch):
    """A PostgreSQL with its client programs on PATH and without tables."""
    monkeypatch.setenv("PATH", f"{server.programs}:{os.environ['PATH']}")
    server.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
    return server


@pytest.fixture
def tables(postgresql, tmp_path):
    """The stores of an instance on PostgreSQL."""
    database = {
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {"host": str(postgresql.folder), "pool": {}},
    }
    return Stores(vendor="postgresql", database=database, media=tmp_path / "media")


VALUES = [
    "ana",
    "a; b",
    "it's",
    'a "b"',
    "a\\b",
    "\\.",
    "\\! touch x",
    "a\nb;\n\\.\nc",
    "-- x",
    "é",
]


def test_restore_brings_back_the_tables_of_postgresql(postgresql, tables, tmp_path):
    rows = ", ".join(f"($x${value}$x$)" for value in VALUES)
    postgresql.psql(
        "CREATE TABLE kept (id serial PRIMARY KEY, name text DEFAULT E'a\\\\;''\nb' UNIQUE"
        " CHECK (name <> ';'));"
        "COMMENT ON COLUMN kept.name IS E'a;\n-- \"b''s\\\\';"
    )
    postgresql.psql(f"INSERT INTO kept (name) VALUES {rows};")  # noqa: S608 - our own values
    before = postgresql.psql("SELECT * FROM kept")
    archive = write_archive(stores=tables, to=tmp_path / "a.tar.gz")
    postgresql.psql("UPDATE kept SET name = 'x' || id; CREATE TABLE later (id int);")

    restore_archive(stores=tables, archive=archive)

    assert postgresql.psql("SELECT * FROM kept") == before
    assert "later" not in postgresql.psql("SELECT tablename FROM pg_tables")
    postgresql.psql("INSERT INTO kept DEFAULT VALUES")
    assert postgresql.psql("SELECT max(id) FROM kept") == f"{len(VALUES) + 1}\n"


def test_every_table_of_the_project_is_restored(postgresql, tables, tmp_path, data_dir):
    env_vars = {"DATABASE_URL": postgresql.url, "DATA_DIR": str(data_dir), "DEBUG": "1"}
    assert run("manage.py", "migrate", **env_vars).returncode == 0
    described = "SELECT table_name, column_name, data_type FROM information_schema.columns"
    described += " WHERE table_schema = 'public' ORDER BY 1, 2"
    before = postgresql.psql(described)
    archive = write_archive(stores=tables, to=tmp_path / "a.tar.gz")
    postgresql.psql("DROP TABLE forum_room CASCADE")

    restore_archive(stores=tables, archive=archive)

    assert postgresql.psql(described) == before
    assert "forum_room" in before


def test_refusal_names_the_psql_command_and_a_malformed_manifest(stores, tmp_path):
    with pytest.raises(DumpError, match=r"a command for psql: '.*! id'"):
        list(_statements(io.BytesIO(b"\\restrict abc\n-- a dump\n\n\\! id\n")))
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    with pytest.raises(BackupError, match="its manifest is malformed"):
        restore_archive(
            stores=stores, archive=tampered(archive, "manifest.json", body=b"[" * 60_000)
        )


@pytest.mark.parametrize(
    "statement",
    [
        "\\! touch {file}", "\\copy kept TO PROGRAM 'touch {file}'", "\\o |touch {file}",
        "SELECT 1 \\! touch {file}", "SELECT 1; \\! touch {file}",
        "COPY kept FROM PROGRAM 'touch {file}';", "COPY kept TO '{file}';",
        "COPY kept (name) FROM PROGRAM 'touch {file}';",
        "SET a.b = '1'; COPY kept FROM PROGRAM 'touch {file}';",
        "DO $$ BEGIN COPY kept FROM PROGRAM 'touch {file}'; END $$;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE TABLE x AS SELECT pg_read_file('/etc/passwd');",
        "SELECT pg_catalog.setval('a', 1, true), pg_read_file('/etc/passwd');",
        "/* */ DROP TABLE kept;", "DROP TABLE kept;", "INSERT INTO kept VALUES ('x');",
        "SET standard_conforming_strings = off;\nCOMMENT ON TABLE kept IS '\\'';\n"
        "COPY kept FROM PROGRAM $$touch {file}$$; --';",
        "SET client_encoding = 'SJIS';", "SET backslash_quote = 'on';", "SET role = 'postgres';",
        "ALTER SYSTEM SET archive_command = 'touch {file}';", "COMMIT;", "SET x = 'a", "nonsense",
    ],
)  # fmt: skip
def test_hostile_dump_runs_nothing_and_changes_nothing(postgresql, tables, tmp_path, statement):
    touched = tmp_path / "touched"
    postgresql.psql("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('ana');")
    archive = write_archive(stores=tables, to=tmp_path / "a.tar.gz")
    with tarfile.open(archive) as file:
        dump = file.extractfile("database.sql").read()
    text = statement.format(file=touched).encode()
    for body in (dump + text + b"\n", text + b"\n" + dump):
        with pytest.raises(BackupError) as refused:
            restore_archive(stores=tables, archive=tampered(archive, "database.sql", body=body))
        assert str(refused.value).count("\n") == 0

    assert postgresql.psql("SELECT name FROM kept") == "ana\n"
    assert not touched.exists()


def test_missing_postgresql_tools_are_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    stores = Stores(vendor="postgresql", database={"NAME": "p"}, media=tmp_path / "media")

    with pytest.raises(BackupError, match="pg_dump is not on PATH"):
        write_archive(stores=stores, to=tmp_path / "a.tar.gz")


# The drill, and the deletion of older archives ---------------------------------------------------


def test_nightly_backup_is_restored_as_a_drill_before_older_ones_are_deleted(site):
    folder = site.data_dir / "backups"
    for number in range(4):
        folder.mkdir(exist_ok=True)
        (folder / f"pregao-{number}.tar.gz").write_text("old")
        os.utime(folder / f"pregao-{number}.tar.gz", (number, number))

    done = manage(site, "backup", "--check", "--keep", "2")

    assert done.returncode == 0, done.stderr
    made, check, deleted = done.stdout.splitlines()
    assert check.startswith("check: the database is intact, with ")
    assert deleted == "deleted: 3 older ones"
    assert {path.name for path in folder.glob("pregao-*")} == {
        "pregao-3.tar.gz",
        Path(made.split()[-1]).name,
    }


@pytest.mark.parametrize("keep", ["0", "-1", "many"])
def test_number_of_archives_to_keep_is_at_least_one(site, keep):
    refused = manage(site, "backup", "--keep", keep)
    assert refused.returncode != 0
    assert "a number of archives, at least 1" in refused.stderr


def test_newest_archives_are_kept(tmp_path):
    for number in (1, 2, 3):
        (tmp_path / f"pregao-{number}.tar.gz").touch()
        os.utime(tmp_path / f"pregao-{number}.tar.gz", (-number, -number))
    (tmp_path / "before-restore-1.tar.gz").touch()

    deleted = remove_old_archives(folder=tmp_path, pattern="pregao-*.tar.gz", keep=2)

    assert [path.name for path in deleted] == ["pregao-3.tar.gz"]
    assert len(list(tmp_path.iterdir())) == 3


def test_drill_finds_a_damaged_database(stores, tmp_path):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    damaged = tampered(archive, DATABASE, body=b"SQLite format 3\0" + b"x" * 4096)

    with pytest.raises(BackupError, match="cannot be read"):
        check_archive(stores=stores, archive=damaged)


def test_drill_restores_a_dump_into_a_database_of_its_own(postgresql, tables, tmp_path):
    postgresql.psql("CREATE TABLE django_migrations (name text); CREATE TABLE kept (id int);")
    postgresql.psql("INSERT INTO django_migrations VALUES ('a'); INSERT INTO kept VALUES (1);")
    databases = postgresql.psql("SELECT datname FROM pg_database ORDER BY 1")
    archive = write_archive(stores=tables, to=tmp_path / "a.tar.gz")

    checked = check_archive(stores=tables, archive=archive)

    assert checked == "the database was restored, with 1 migrations"
    assert postgresql.psql("SELECT datname FROM pg_database ORDER BY 1") == databases
    assert postgresql.psql("SELECT id FROM kept") == "1\n"


def test_drill_finds_the_empty_dump_of_a_tool_that_reported_success(
    postgresql, tables, tmp_path, monkeypatch
):
    tool = tmp_path / "bin" / "pg_dump"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\nfor a in "$@"; do case $a in --file=*) : > "${a#--file=}";; esac; done\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    archive = write_archive(stores=tables, to=tmp_path / "a.tar.gz")

    with pytest.raises(BackupError, match="cannot be restored"):
        check_archive(stores=tables, archive=archive)


def test_drill_says_that_a_role_may_not_create_databases(postgresql, tables, tmp_path):
    postgresql.psql(
        "CREATE TABLE django_migrations (name text); GRANT SELECT ON django_migrations TO PUBLIC;"
    )
    postgresql.psql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN;")
    archive = write_archive(stores=tables, to=tmp_path / "a.tar.gz")
    plain = Stores(
        vendor=tables.vendor, database={**tables.database, "USER": "plain"}, media=tables.media
    )

    assert check_archive(stores=plain, archive=archive).startswith("not restored: ")
