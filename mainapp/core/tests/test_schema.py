import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from mainapp.core import schema

pytestmark = pytest.mark.django_db


def test_listed_migrations_are_those_of_django():
    assert set(schema._migrations()) == set(MigrationLoader(None).disk_migrations)


def test_missing_migrations_are_named(monkeypatch):
    """Seen through the test's own connection, whose transaction is rolled back."""
    monkeypatch.setattr(schema, "direct_connection", lambda: connection)
    monkeypatch.setattr(connection, "close", lambda: None)
    assert schema.missing_migrations() == []

    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("accounts", "0001_initial")
    recorder.record_applied("accounts", "9999_of_the_next_version")

    assert schema.missing_migrations() == ["accounts.0001_initial"]
