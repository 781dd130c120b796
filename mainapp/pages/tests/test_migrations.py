"""New migrations must be safe while processes of the previous release still run."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

# The newest migration of each app in the previous release; migrations up to it are exempt.
RELEASED = {
    "accounts": 11,
    "agenda": 1,
    "alerts": 5,
    "api": 3,
    "clubs": 1,
    "core": 3,
    "forum": 9,
    "ideas": 3,
    "market": 12,
    "moderation": 1,
    "notifications": 4,
    "portfolio": 2,
    "uploads": 1,
}
# A migration that breaks running processes says so in its docstring and in the changelog.
STOP = "Stop the last release first"
SAFE = (
    *(migrations.CreateModel, migrations.AddIndex, migrations.RunPython, migrations.RemoveIndex),
    *(migrations.AlterModelOptions, migrations.AlterModelManagers, migrations.RenameIndex),
    *(migrations.RemoveConstraint, migrations.AlterModelTable),
)


def unsafe(operation, new_models):
    """Return whether an operation may break a process of the previous release."""
    name = getattr(operation, "model_name", "").lower()
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return any(unsafe(inner, new_models) for inner in operation.database_operations)
    if name in new_models or isinstance(operation, SAFE):
        return False
    if isinstance(operation, migrations.AddField):
        field = operation.field
        is_optional = field.null or field.has_db_default() or field.many_to_many
        return not is_optional
    if isinstance(operation, migrations.AlterField):
        return not (operation.field.null or operation.field.has_db_default())
    if isinstance(operation, migrations.AddConstraint):
        return isinstance(operation.constraint, models.UniqueConstraint | models.CheckConstraint)
    return True


def new_migrations():
    own = {config.label for config in apps.get_app_configs() if config.name.startswith("mainapp.")}
    found = sorted(MigrationLoader(None).disk_migrations)
    return [
        (label, name)
        for label, name in found
        if label in own and int(name[:4]) > RELEASED.get(label, 0)
    ]


@pytest.mark.parametrize(("label", "name"), new_migrations())
def test_new_migration_is_safe_while_the_last_release_runs(label, name):
    module = import_module(f"mainapp.{label}.migrations.{name}")
    migration = module.Migration
    texts = f"{module.__doc__}{migration.__doc__}"
    operations = migration.operations
    created = [one for one in operations if isinstance(one, migrations.CreateModel)]
    new_models = {one.name.lower() for one in created}

    faults = [one.describe() for one in operations if unsafe(one, new_models)]

    assert not faults or STOP in texts, faults


@pytest.mark.parametrize(
    ("operation", "is_unsafe"),
    [
        (migrations.AddField("room", "x", models.IntegerField()), True),
        (migrations.AddField("room", "x", models.IntegerField(default=1)), True),
        (migrations.AddField("room", "x", models.IntegerField(null=True)), False),
        (migrations.AddField("room", "x", models.IntegerField(db_default=1)), False),
        (migrations.AddField("new", "x", models.IntegerField()), False),
        (migrations.RemoveField("room", "x"), True),
        (migrations.RenameField("room", "x", "y"), True),
        (migrations.DeleteModel("room"), True),
        (migrations.SeparateDatabaseAndState([], [migrations.DeleteModel("room")]), False),
        (migrations.SeparateDatabaseAndState([migrations.DeleteModel("room")]), True),
        (migrations.RunSQL("DROP TABLE forum_room"), True),
    ],
)
def test_operations_that_break_running_processes_are_found(operation, is_unsafe):
    assert unsafe(operation, {"new"}) is is_unsafe
