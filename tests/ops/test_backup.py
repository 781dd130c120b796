"""Backup and restore of a running instance, and refusals of invalid archives."""

import io
import json
import os
import sqlite3
import tarfile
from pathlib import Path

import pytest

from project.backup import BackupError, Stores, restore_archive, write_archive
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


def tampered(archive, name, *, kind=tarfile.REGTYPE, body=b""):
    """Return a copy of an archive with a member added or replaced."""
    copy = archive.with_name("tampered.tar.gz")
    with tarfile.open(archive) as source, tarfile.open(copy, "w:gz") as target:
        for member in source.getmembers():
            if member.name != name:
                target.addfile(member, source.extractfile(member) if member.isreg() else None)
        extra = tarfile.TarInfo(name)
        extra.type, extra.size, extra.linkname = kind, len(body), "/etc/passwd"
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
        ("manifest.json", {"body": json.dumps({"format": 2, "database": "sqlite"}).encode()}),
        ("manifest.json", {"body": json.dumps({"format": 1, "database": "postgresql"}).encode()}),
    ],
)
def test_foreign_archive_changes_nothing(stores, tmp_path, name, options):
    archive = tampered(write_archive(stores=stores, to=tmp_path / "a.tar.gz"), name, **options)
    (stores.media / "kept.txt").write_text("kept")

    with pytest.raises(BackupError):
        restore_archive(stores=stores, archive=archive)

    assert (stores.media / "kept.txt").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.tar.gz",
        "live.sqlite3",
        "media",
        "tampered.tar.gz",
    ]


def test_truncated_archive_changes_nothing(stores, tmp_path):
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    archive.write_bytes(archive.read_bytes()[:-40])

    with pytest.raises(BackupError):
        restore_archive(stores=stores, archive=archive)


@pytest.fixture
def postgresql(monkeypatch):
    """A PostgreSQL with its client programs on PATH."""
    server = PostgreSQL()
    monkeypatch.setenv("PATH", f"{server.programs}:{os.environ['PATH']}")
    yield server
    server.close()


def test_restore_brings_back_the_tables_of_postgresql(postgresql, tmp_path):
    database = {
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {"host": str(postgresql.folder), "pool": {}},
    }
    stores = Stores(vendor="postgresql", database=database, media=tmp_path / "media")
    postgresql.psql("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('ana');")
    archive = write_archive(stores=stores, to=tmp_path / "a.tar.gz")
    postgresql.psql("UPDATE kept SET name = 'bruno'; CREATE TABLE later (id int);")

    restore_archive(stores=stores, archive=archive)

    assert "ana" in postgresql.psql("SELECT name FROM kept")
    assert "later" not in postgresql.psql("SELECT tablename FROM pg_tables")


def test_missing_postgresql_tools_are_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    stores = Stores(vendor="postgresql", database={"NAME": "p"}, media=tmp_path / "media")

    with pytest.raises(BackupError, match="pg_dump is not on PATH"):
        write_archive(stores=stores, to=tmp_path / "a.tar.gz")
