"""What features hold of a person: sections of the profile page, tables of the archive.

A feature registers them in `AppConfig.ready`, with a selector for each, and imports no page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainapp.accounts.models import User

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a person's own profile page, which only they see.

    `context` may ask one query; the template is given what it returns, and `person`.
    """

    template: str
    context: Callable[["User"], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the archive: `<name>.json` and `<name>.csv`.

    `rows` yields them one by one, in a fixed number of queries, as values that JSON knows, or
    Decimal, datetime, date or UUID.
    """

    name: str
    columns: Sequence[str]
    rows: Callable[["User"], Iterable[Row]]


_sections: dict[str, Section] = {}
_tables: dict[str, Table] = {}


def register_section(section: Section) -> None:
    """Show a section on every person's own profile page. Safe to repeat."""
    _sections[section.template] = section


def register_table(table: Table) -> None:
    """Put a table into every person's archive. Safe to repeat."""
    _tables[table.name] = table


def sections() -> list[Section]:
    return list(_sections.values())


def tables() -> list[Table]:
    return list(_tables.values())
