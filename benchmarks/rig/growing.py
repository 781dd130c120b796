"""Big tables on PostgreSQL, filled as fast as it can: a table at a time, its indices made later."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.grown_database import TABLES, Table, fill_table, needed_columns, sizes_of
from tests.postgresql import PostgreSQL

# Of a server with 8 GiB; without a replica, an index is not written ahead.
SETTINGS = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "6GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
}
# Rows without conflicts: their unique indices can be made later, too.
DISTINCT = {"market_candle", "forum_message", "notifications_notification", "core_auditentry"}
# The tables whose size the question names, and those that follow from them.
NAMED = {"market_candle", "forum_message", "forum_participant"}
LARGE = 1_000_000


def start_server() -> PostgreSQL:
    return PostgreSQL(is_durable=True, settings=SETTINGS)


def grown_sizes(scale: float, others: float) -> dict[str, int]:
    """Return the numbers of rows by table.

    `others` is the scale of the tables that have more than a million rows, but for the NAMED.
    """
    small = sizes_of(others)
    return {
        table.name: small[table.name] if table.rows > LARGE and table.name not in NAMED else size
        for table, size in zip(TABLES, sizes_of(scale).values(), strict=True)
    }


def fill(sizes: dict[str, int]) -> None:
    """Fill every table, each in a transaction of its own; print the seconds of the large ones."""
    from django.db import connection  # noqa: PLC0415 - after the setup

    needed = needed_columns()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        for table in TABLES:
            started_at = time.perf_counter()
            with _without_indices(cursor, table):
                fill_table(cursor, table, sizes, needed[table.name])
            took_s = time.perf_counter() - started_at
            if took_s > 5:
                print(f"    {table.name}: {sizes[table.name]:,} rows, {took_s:.0f} s", flush=True)
        cursor.execute("SET session_replication_role = DEFAULT")


@contextmanager
def _without_indices(cursor: Any, table: Table) -> Iterator[None]:
    """Drop a table's indices, but for those that keep conflicting rows out, and make them again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype = 'u'",
        [table.name],
    )
    constraints = cursor.fetchall() if table.name in DISTINCT else []
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = %s::regclass AND NOT indisprimary AND (NOT indisunique OR %s) "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [table.name, table.name in DISTINCT],
    )
    indices = cursor.fetchall()
    for name, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table.name} DROP CONSTRAINT "{name}"')
    for name, _definition in indices:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for name, definition in constraints:
        cursor.execute(f'ALTER TABLE {table.name} ADD CONSTRAINT "{name}" {definition}')
    for _name, definition in indices:
        cursor.execute(definition)
