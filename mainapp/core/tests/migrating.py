"""Migrating forwards and backwards in tests, without the states of unrelated apps."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

Targets = list[tuple[str, str | None]]


class _Executor(MigrationExecutor):
    """An executor that knows only the migrations that `latest` depends on.

    Django renders the models of all apps once per migration: 20 times the work of the migrations
    under test.
    """

    def __init__(self, latest: Targets) -> None:
        super().__init__(connection)
        self._latest = latest

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        return super().migration_plan(self._latest if clean_start else targets, clean_start)


def migrate(targets: Targets, *, latest: Targets) -> Any:
    """Migrate to `targets`, which are `latest` or precede it; return the apps in that state."""
    executor = _Executor(latest)
    # Checked before the first table changes: a run that stops in between breaks all later tests.
    known = {str(step) for step, _ in executor.migration_plan(latest, clean_start=True)}
    missing = {str(step) for step, _ in executor.migration_plan(targets)} - known
    assert not missing, f"`latest` must contain {missing}"
    executor.migrate(targets)
    nodes = [target for target in targets if target[1]]
    return _Executor(latest).loader.project_state(nodes).apps
