"""Migrating backwards and forwards in tests, without loading the states of unrelated apps."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
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


@contextmanager
def migrated_to(targets: Targets) -> Iterator[Any]:
    """Migrate backwards to `targets`, yield the apps in that state, then migrate forwards."""
    try:
        yield migrate_back(targets)
    finally:
        migrate_to_newest()


def migrate_back(targets: Targets) -> Any:
    """Migrate backwards to `targets`; return the apps in that state."""
    executor = MigrationExecutor(connection)
    undone = {step.app_label for step, _ in executor.migration_plan(targets)}
    _Executor(_newest_of(undone)).migrate(targets)
    nodes: Any = [target for target in targets if target[1]]
    return executor.loader.project_state(nodes).apps


def migrate_to_newest() -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if newest := _newest_of({step.app_label for step, _ in plan}):
        _Executor(newest).migrate(newest)


def _newest_of(labels: Collection[str]) -> Any:
    nodes = MigrationExecutor(connection).loader.graph.leaf_nodes()
    return [node for node in nodes if node[0] in labels]
