"""Writing of different values into many rows."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection, models


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Write the given fields of saved rows of one model with one query, however many rows.

    Like `bulk_update` it sends no signals; audited fields leave no entries. `bulk_update` makes a
    CASE of every row for every field: 12 s for 12 fields of 1,000 rows.
    """
    if not rows:
        return
    meta: Any = type(rows[0])._meta
    columns = [meta.pk, *(meta.get_field(name) for name in fields)]
    values = [
        [column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns]
        for row in rows
    ]
    quote = connection.ops.quote_name
    names = [quote(column.column) for column in columns]
    sets = ", ".join(f"{name} = new.{name}" for name in names[1:])
    with connection.cursor() as cursor:
        source, parameters = _source(columns, names, values)
        cursor.execute(
            f"UPDATE {quote(meta.db_table)} SET {sets} FROM {source} "  # noqa: S608 - names of our models
            f"WHERE {quote(meta.db_table)}.{names[0]} = new.{names[0]}",
            parameters,
        )


def _source(columns: Sequence[Any], names: Sequence[str], values: list[list[Any]]) -> Any:
    """Return the new values as a table `new`, and its parameters."""
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{column.db_type(connection)}[]" for column in columns)
        parameters: list[Any] = [list(column) for column in zip(*values, strict=True)]
        return f"unnest({arrays}) AS new ({', '.join(names)})", parameters
    selected = ", ".join(f"value ->> {place} AS {name}" for place, name in enumerate(names))
    text = orjson.dumps(values, default=str).decode()  # Decimals
    return f"(SELECT {selected} FROM json_each(%s)) AS new", [text]  # noqa: S608 - the same
