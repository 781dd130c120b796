"""The steps of `setup`: migrations, the schedule of updates, and the quotas."""

import json
from io import StringIO

import pytest
from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from mainapp.core.database import direct_connection
from mainapp.core.limits.quotas import quota_kinds
from mainapp.core.models import QuotaRule
from mainapp.pages.management import migrating
from mainapp.pages.management.commands.setup import (
    Command,
    create_data_folder,
    schedule,
    seed_quotas,
)

pytestmark = pytest.mark.django_db


def test_origin_of_the_schedule_is_named(settings):
    settings.UPDATE_INTERVAL_S = 7
    task = PeriodicTask.objects.filter(name="update_stock")

    assert schedule() == "every 7 s (UPDATE_INTERVAL_S)"

    task.update(interval=None, crontab=CrontabSchedule.objects.create(minute="*/5"))
    assert schedule() == "at the times of the admin's crontab"

    task.update(enabled=False)
    assert schedule() == "switched off in the admin"


def test_quotas_are_seeded_once(settings):
    settings.ROOMS_A_DAY = 3
    assert seed_quotas() == f"{len(quota_kinds())} rules of the default plan seeded"
    assert QuotaRule.objects.get(kind="rooms").limit == 3
    assert seed_quotas() == "up to date"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="locks of PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_a_migration_gives_up_a_lock_and_tries_again(monkeypatch):
    """Another process reads the table in a transaction that ends after the first attempt."""
    reader, waits = direct_connection(), []
    reader.set_autocommit(False)
    reader.cursor().execute("SELECT 1 FROM core_tag")

    def change_table(*_args, **_options):
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE core_tag IN ACCESS EXCLUSIVE MODE")

    def wait():
        waits.append(True)
        reader.rollback()

    monkeypatch.setattr(migrating, "LOCK_TIMEOUT_S", 1)
    monkeypatch.setattr(migrating, "PAUSE_S", 0.0)
    monkeypatch.setattr(migrating, "call_command", transaction.atomic(change_table))
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [(Migration("x", "y"), 0)])

    assert migrating.migrate(on_wait=wait) == "1 migrations applied"
    assert waits == [True]
    reader.close()


@pytest.mark.parametrize("log_format", ["json", "line"])
def test_a_warning_has_the_format_of_the_log(log_format, monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", log_format)
    errors = StringIO()

    Command(stderr=errors)._warn("web push is OFF")

    line = errors.getvalue()
    if log_format == "json":
        row = json.loads(line)
        line = f"{row['message']}\n"
        assert (row["level"], row["logger"]) == ("WARNING", "project")
    assert line == "pregao: web push is OFF\n"


def test_a_refusal_has_the_format_of_the_log(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "json")
    settings.DATA_DIR = tmp_path / "file" / "data"
    (tmp_path / "file").write_text("")

    with pytest.raises(SystemExit) as refusal:
        create_data_folder()

    assert json.loads(refusal.value.code)["message"].startswith("pregao: DATA_DIR")
