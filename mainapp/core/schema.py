"""Lets servers wait until the database has the schema of their code."""

import logging
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pkgutil import iter_modules

from django.apps import apps
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder

from mainapp.core.database import direct_connection

logger = logging.getLogger(__name__)

POLL_S = 1.0


def wait_for_schema() -> None:
    """Return when all migrations of this code are applied, or if the database does not answer.

    Servers may start before `setup` on a new host, or together with it. They also start without a
    database, and then report its absence themselves. Migrations of newer code do not block.
    """
    if not (missing := missing_migrations()):
        return
    logger.warning(
        "the database lacks %d migrations, such as %s: waiting for `python manage.py setup`",
        len(missing),
        missing[0],
    )
    while missing:
        time.sleep(POLL_S)
        missing = missing_migrations()
    logger.warning("the database is up to date: starting")


def missing_migrations() -> list[str]:
    """Return the migrations that are not applied; none if the database does not answer.

    Cost: one query on a separate connection. Migration files are listed, not imported: that took
    0.3 s.
    """
    connection = direct_connection()
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return []
    finally:
        connection.close()
    return sorted(
        f"{label}.{name}" for label, name in _migrations() if (label, name) not in applied
    )


def _migrations() -> Iterator[tuple[str, str]]:
    for app in apps.get_app_configs():
        package = find_spec(f"{app.name}.migrations")
        for module in iter_modules(package.submodule_search_locations if package else ()):
            if module.name[0] not in "_~":
                yield app.label, module.name
