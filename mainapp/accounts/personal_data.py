"""Registry of the data that features store about a user: the tables of the data export.

Each feature registers its own in `AppConfig.ready`, so that the pages need not import it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainapp.accounts.models import User

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the data export: `<name>.json` and `<name>.csv`.

    `rows` makes a fixed number of queries and yields rows of JSON values, Decimal, datetime, date
    or UUID.
    """

    name: str
    columns: Sequence[str]
    rows: Callable[["User"], Iterable[Row]]


_tables: dict[str, Table] = {}


def register_table(table: Table) -> None:
    """Include a table in every data export. Safe to repeat."""
    _tables[table.name] = table


def tables() -> list[Table]:
    return list(_tables.values())
