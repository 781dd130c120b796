"""Copy a SQLite database into an empty PostgreSQL database and compare both row by row.

All models of all apps are copied with their keys, including those of other packages. The source is
opened read-only and read in one transaction. The target is written in one transaction, so that a
failure leaves it unchanged.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.core.management.color import no_style
from django.db import DatabaseError, IntegrityError, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.models.sql import InsertQuery

SOURCE, TARGET = "source", "target"
BATCH = 1000
# Rows that the migrations themselves write.
FILLED_BY_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}


class MoveError(Exception):
    """A database that cannot be moved, with a one-line reason."""


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table with its number of rows, and the checksum that is equal in both databases."""

    name: str
    count: int
    checksum: str


def connect(*, source: str, target: dict[str, Any]) -> None:
    """Add the two connections: a SQLite file by its path, and Django's settings of a PostgreSQL."""
    read_only = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"file:{quote(source)}?mode=ro"}
    configured = connections.configure_settings({"default": {}, SOURCE: read_only, TARGET: target})
    for alias in (SOURCE, TARGET):
        connections.settings[alias] = configured[alias]


def check_source() -> None:
    """Check that the source has the newest schema and no broken references. Raises: MoveError."""
    executor = MigrationExecutor(connections[SOURCE])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MoveError("the source needs migrations: run `manage.py setup` first")
    try:
        connections[SOURCE].check_constraints()
    except IntegrityError as error:
        raise MoveError(f"the source has a broken reference: {_line(error)}") from None


def check_target() -> None:
    """Check that the target is empty. Raises: MoveError."""
    try:
        with connections[TARGET].cursor() as cursor:
            names = set(connections[TARGET].introspection.table_names(cursor))
            for name in sorted(names - FILLED_BY_MIGRATIONS):
                cursor.execute(f"SELECT 1 FROM {_quoted(name)} LIMIT 1")  # noqa: S608 - quoted
                if cursor.fetchone():
                    raise MoveError(f"the target is not empty: {name} has rows")
    except DatabaseError as error:
        raise MoveError(f"the target refuses: {_line(error)}") from None


def move_rows(*, on_table: Callable[[MovedTable], None]) -> None:
    """Copy all rows into the migrated target, compare them, and set the sequences.

    `on_table` is called for each table, once both copies are equal. Raises: MoveError.
    """
    try:
        with transaction.atomic(using=SOURCE), transaction.atomic(using=TARGET):
            _truncate()
            for model in _models():
                on_table(_move_table(model))
            _set_sequences()
    except DatabaseError as error:  # a deferred reference, checked at the commit
        raise MoveError(f"the target refuses the rows: {_line(error)}") from None


def _models() -> list[type[models.Model]]:
    all_models = apps.get_models(include_auto_created=True)
    return [model for model in all_models if model._meta.managed and not model._meta.proxy]


def _truncate() -> None:
    names = ", ".join(_quoted(model._meta.db_table) for model in _models())
    with connections[TARGET].cursor() as cursor:
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def _move_table(model: type[models.Model]) -> MovedTable:
    read = _Checksum(model)
    rows = read.rows(SOURCE)
    while batch := list(islice(rows, BATCH)):
        _insert(model, read.fields, batch)
    written = _Checksum(model)
    for _row in written.rows(TARGET):
        pass
    if (read.count, read.text) != (written.count, written.text):
        raise MoveError(f"{model._meta.db_table} differs after it was copied")
    return MovedTable(model._meta.db_table, read.count, read.text)


class _Checksum:
    """Yields a model's rows from one database; after the last row, it has their checksum."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        self.fields = [field for field in model._meta.concrete_fields if not field.generated]
        self._hash = sha256()
        self.count = 0

    @property
    def text(self) -> str:
        return self._hash.hexdigest()

    def rows(self, alias: str) -> Iterator[tuple[Any, ...]]:
        names = [field.attname for field in self.fields]
        everything: Any = models.QuerySet(self._model, using=alias)
        rows = everything.order_by("pk").values_list(*names)
        for row in rows.iterator(BATCH):
            self.count += 1
            self._hash.update("\x1f".join(map(_canonical, row)).encode() + b"\x1e")
            yield row


def _canonical(value: Any) -> str:
    """Return a text that is equal for equal values of either database."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, memoryview | bytes):
        return bytes(value).hex()
    return repr(value)


def _insert(
    model: type[models.Model], fields: Sequence[Any], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows unchanged, without defaults, automatic dates or signals. Raises: MoveError."""
    try:
        with transaction.atomic(using=TARGET):
            _execute_insert(model, fields, rows)
    except DatabaseError as error:
        if len(rows) == 1:
            key = rows[0][fields.index(model._meta.pk)]
            table = model._meta.db_table
            raise MoveError(f"{table}, key {key}, is refused: {_line(error)}") from None
        for row in rows:
            _insert(model, fields, [row])


def _execute_insert(
    model: type[models.Model], fields: Sequence[Any], rows: Iterable[tuple[Any, ...]]
) -> None:
    names = [field.attname for field in fields]
    query = InsertQuery(model)
    objects: list[Any] = [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]
    query.insert_values(fields, objects, raw=True)
    query.get_compiler(using=TARGET).execute_sql()


def _set_sequences() -> None:
    connection: BaseDatabaseWrapper = connections[TARGET]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)


def _quoted(name: str) -> str:
    return connections[TARGET].ops.quote_name(name)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
