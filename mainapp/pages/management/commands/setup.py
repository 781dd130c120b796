"""Bring an instance up to date before its processes start. Safe to repeat."""

import hashlib
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from mainapp.accounts.services import avatars, log_ins
from mainapp.market.services import updating
from mainapp.notifications.services.scheduling import ensure_sweep

CONNECT_TIMEOUT_S = 3


class Command(BaseCommand):
    help = "Migrate, load the catalogue, schedule the updates, compile messages, collect files."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        check_database()
        migrate()
        call_command("seed_stocks", stdout=StringIO())
        updating.ensure_periodic_task()
        ensure_sweep()
        avatars.ensure_periodic_task()
        log_ins.ensure_pruning()
        call_command("messages", "compile", stdout=StringIO())
        collect_static()


def check_database() -> None:
    """Exit with a one-line message unless the database accepts a connection within 3 s."""
    probe: BaseDatabaseWrapper = connection.copy()
    options = probe.settings_dict.get("OPTIONS", {})
    # Through the pool an unreachable database would cost the pool's timeout, 10 s.
    options.pop("pool", None)
    if probe.vendor == "postgresql":
        options["connect_timeout"] = CONNECT_TIMEOUT_S
    try:
        with probe.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        sys.exit(
            f"pregao: the database refuses ({reason}): check DATABASE_URL, and that it runs and "
            "lets this user in"
        )
    finally:
        probe.close()


def migrate() -> None:
    """Run the migrations that are missing; the check is ten times cheaper than `migrate`."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def collect_static() -> None:
    """Collect the static files again if one of them has changed."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    state = hashlib.sha256("\n".join(sorted(_static_state())).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == state:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(state)


def _static_state() -> Iterator[str]:
    """Yield lines that change whenever a source file, Django or the storage backend changes."""
    yield f"{django.__version__} {settings.STORAGES['staticfiles']['BACKEND']}"
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            yield f"{name} {status.st_size} {status.st_mtime_ns}"
