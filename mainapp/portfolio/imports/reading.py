"""Reading of every table of a file, by its titles and values and the user's choices."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from mainapp.portfolio.imports.columns import SAMPLE_ROWS, find_columns
from mainapp.portfolio.imports.numbers import Reading, read_columns
from mainapp.portfolio.imports.roles import Columns
from mainapp.portfolio.imports.rows import TableRows, read_rows
from mainapp.portfolio.imports.sheets import (
    NO_TABLE,
    ONLY_HIDDEN,
    TOO_MANY_ROWS,
    Cell,
    Sheet,
    UnreadableFile,
    is_empty,
)
from mainapp.portfolio.imports.sources import Source, is_portfolio, source_of
from mainapp.portfolio.imports.tables import Table, find_tables
from mainapp.portfolio.imports.titles import Role
from mainapp.portfolio.policies import MAX_FILE_ROWS

MAX_EXAMPLES = 3
NUMBERS = (Role.QUANTIDADE, Role.PRECO_MEDIO, Role.CUSTO_TOTAL, Role.NOTA)


class State(StrEnum):
    READ = "read"
    ELSEWHERE = "elsewhere"  # a known file, but not a portfolio
    DOUBT = "doubt"  # the user must decide about a column
    INCOMPLETE = "incomplete"  # a column is missing
    EXCLUDED = "excluded"  # the user chose not to read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The user's choices: roles and separators by table and column, and tables not to read.

    `ratios` are those of former codes, used where the catalogue does not know them.
    """

    roles: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    separators: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    excluded: Collection[int] = ()
    ratios: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """A table as it was read; `rows` is empty unless its state is READ."""

    table: Table
    state: State
    columns: Columns
    readings: Mapping[int, Reading]
    rows: TableRows
    source: Source | None = None

    @property
    def has_question(self) -> bool:
        is_open = any(reading.is_open for reading in self.readings.values())
        return self.state == State.DOUBT or (self.state == State.READ and is_open)

    def examples(self, place: int) -> list[Cell]:
        cells = self.table.column(place)[:SAMPLE_ROWS]
        return list(dict.fromkeys(cell for cell in cells if not is_empty([cell])))[:MAX_EXAMPLES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A sheet that is not read, because it is hidden or has no table."""

    sheet: Sheet


def split_tables(sheets: Iterable[Sheet]) -> tuple[list[Table], list[Unread]]:
    """Return the tables of the visible sheets, and the sheets that are not read.

    Raises: UnreadableFile without a table, or with too many rows.
    """
    tables: list[Table] = []
    unread = []
    for sheet in sheets:
        own_tables = [] if sheet.is_hidden else find_tables(sheet, first_key=len(tables))
        tables += own_tables
        if not own_tables and (sheet.rows or sheet.is_hidden):
            unread.append(Unread(sheet=sheet))
    if sum(len(table.rows) for table in tables) > MAX_FILE_ROWS:
        raise UnreadableFile(TOO_MANY_ROWS, {"limit": MAX_FILE_ROWS})
    if not tables:
        hidden = [each.sheet.name for each in unread if each.sheet.is_hidden]
        raise UnreadableFile(ONLY_HIDDEN if hidden else NO_TABLE, {"names": ", ".join(hidden)})
    return tables, unread


def read_tables(
    tables: Iterable[Table], known: Collection[str], choices: Choices
) -> list[ReadTable]:
    """Read each table; `known` are the candidate symbols that are in the catalogue."""
    return [_read(table, known, choices) for table in tables]


def _read(table: Table, known: Collection[str], choices: Choices) -> ReadTable:
    columns = find_columns(table, known, choices.roles.get(table.key))
    source = source_of(table.titles)
    cells = _number_cells(table, columns)
    readings = read_columns(cells, choices.separators.get(table.key, {}))
    state = _state(table, columns, source, choices)
    is_read = state == State.READ
    return ReadTable(
        table=table,
        state=state,
        columns=columns,
        readings=readings,
        rows=read_rows(table, columns, readings) if is_read else TableRows(),
        source=source,
    )


def _state(table: Table, columns: Columns, source: Source | None, choices: Choices) -> State:
    if table.key in choices.excluded:
        return State.EXCLUDED
    if not is_portfolio(source, set(columns.roles)):
        return State.ELSEWHERE
    if columns.doubts:
        return State.DOUBT
    return State.INCOMPLETE if columns.missing else State.READ


def _number_cells(table: Table, columns: Columns) -> dict[int, Sequence[Cell]]:
    places = [place for role, place in columns.roles.items() if role in NUMBERS]
    return {place: table.column(place) for place in places}
