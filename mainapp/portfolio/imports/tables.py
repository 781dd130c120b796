"""Tables of a sheet: a header of one or more rows, and the rows below it.

A sheet may hold several tables, below or beside each other, with texts above and between them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import zip_longest
from typing import Any

from mainapp.portfolio.imports.numbers import is_number
from mainapp.portfolio.imports.sheets import Cell, Row, Sheet, column_name, is_empty
from mainapp.portfolio.imports.sources import source_of
from mainapp.portfolio.imports.tickers import APART, tickers_in
from mainapp.portfolio.imports.titles import MAX_TITLE, WEAK, Role, roles_of

MAX_TABLES = 60
HEADER_ROWS = 3
# Cells to examine as titles; 3,000 different ones take 0.1 s.
MAX_TITLES = 3_000
# Parts of the titles of amounts, and of one title of each known file.
HINTS = (
    "qt", "quant", "shares", "units", "cotas", "unid", "ações", "acoes", "pm", "p m", "p.m", "pre",
    "pri", "pr.", "cust", "cost", "val", "vlr", "med", "méd", "avg", "average", "invest", "aplic",
    "pago", "total", "compra", "produto",
)  # fmt: skip
MONEY = {Role.PRECO_MEDIO, Role.CUSTO_TOTAL}


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; rows keep their numbers in the sheet. `key` is its number in the file.

    Columns beyond the header have an empty title.
    """

    key: int
    sheet: Sheet
    header_number: int
    titles: list[str]
    groups: list[str]
    rows: list[tuple[int, Row]]

    @property
    def width(self) -> int:
        """The number of columns of the header, up to its last title."""
        return max((place for place, title in enumerate(self.titles, start=1) if title), default=0)

    @property
    def full_width(self) -> int:
        return max([self.width, *(len(row) for _number, row in self.rows)])

    @cached_property
    def columns(self) -> list[tuple[Cell, ...]]:
        """The cells of each column; missing ones are empty."""
        return list(zip_longest(*(row for _number, row in self.rows), fillvalue=""))

    def column(self, place: int) -> Sequence[Cell]:
        return self.columns[place] if place < len(self.columns) else [""] * len(self.rows)

    def title(self, place: int) -> str:
        return self.header_title(place) or column_name(place)

    def header_title(self, place: int) -> str:
        return self.titles[place] if place < len(self.titles) else ""

    def group(self, place: int) -> str:
        return self.groups[place] if place < len(self.groups) else ""


def find_tables(sheet: Sheet, *, first_key: int = 0) -> list[Table]:
    """Return the tables of a sheet; if it has no header, the table that its values show."""
    headers = _headers(sheet.rows)
    if not headers:
        return _without_header(sheet, first_key)
    tables: list[Table] = []
    ends = [place - size + 1 for place, size in headers[1:]] + [len(sheet.rows)]
    for (place, size), end in zip(headers, ends, strict=True):
        titles, groups = _titles(sheet.rows, place, size)
        body = list(enumerate(sheet.rows[place + 1 : end], start=place + 2))
        for first, last in _blocks(titles, groups):
            cells = _cells_between(first, last)
            tables.append(
                Table(
                    key=first_key + len(tables),
                    sheet=sheet,
                    header_number=place + 1,
                    titles=cells(titles),
                    groups=cells(groups),
                    rows=[(number, cells(row)) for number, row in body],
                )
            )
    return tables


def _blocks(titles: Sequence[str], groups: Sequence[str]) -> list[tuple[int, int | None]]:
    """Return the first column of each table side by side, and the column after its last.

    Tables are side by side if columns without a title separate them and each has all roles that a
    table needs. Usually there is only one.
    """
    starts = [
        place
        for place, title in enumerate(titles)
        if title and (not place or not titles[place - 1])
    ]
    ends = [*starts[1:], len(titles)]
    are_complete = all(
        _has_all_roles(titles[first:last], groups[first:last])
        for first, last in zip(starts, ends, strict=True)
    )
    if len(starts) < 2 or not are_complete:
        return [(0, None)]
    return [(0, ends[0]), *zip(starts[1:-1], ends[1:-1], strict=True), (starts[-1], None)]


def _has_all_roles(titles: Sequence[str], groups: Sequence[str]) -> bool:
    roles = set().union(*map(roles_of, titles, groups))
    return Role.QUANTIDADE in roles and Role.ATIVO in roles and bool(roles & MONEY)


def _cells_between(first: int, last: int | None) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function that returns a row with empty cells outside these columns."""
    return lambda row: [*([""] * first), *row[first:last]]


def _without_header(sheet: Sheet, key: int) -> list[Table]:
    rows = [(number, row) for number, row in enumerate(sheet.rows, start=1)]
    named = sum(any(_is_ticker(cell) for cell in row) for row in sheet.rows[:50])
    filled = sum(not is_empty(row) for row in sheet.rows[:50])
    width = max(map(len, sheet.rows), default=0)
    if width < 2 or not named or named < filled / 2:
        return []
    titles = [""] * width
    return [Table(key=key, sheet=sheet, header_number=0, titles=titles, groups=titles, rows=rows)]


def _headers(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Return the place of each header's last row and the number of its rows."""
    headers: list[tuple[int, int]] = []
    seen: set[tuple[str, ...]] = set()
    searched = 0
    for place, row in enumerate(rows):
        text = " ".join(map(str, row)).lower()
        if not any(hint in text for hint in HINTS) or not _is_header_like(row):
            continue
        searched += len(row)
        if searched > MAX_TITLES or len(headers) == MAX_TABLES:
            break
        size = 0 if _is_section(rows, place, headers) else _header_size(rows, place)
        if size:
            titles, _groups = _titles(rows, place, size)
            # The same header again, as on a new page, is a row to skip.
            if tuple(titles) not in seen:
                headers.append((place, size))
            seen.add(tuple(titles))
    # A row of titles may be a complete header and also the first row of a larger one.
    followers = [place - size + 1 for place, size in headers[1:]] + [len(rows)]
    return [header for header, start in zip(headers, followers, strict=False) if header[0] < start]


def _is_section(rows: Sequence[Row], place: int, headers: Sequence[tuple[int, int]]) -> bool:
    """Return whether the row is one text, in the column of the codes below a complete header."""
    filled = [column for column, cell in enumerate(rows[place]) if not is_empty([cell])]
    if len(filled) != 1 or not headers or headers[-1][0] != place - 1:
        return False
    return Role.ATIVO in roles_of(_text(rows[place - 1], filled[0]))


def _header_size(rows: Sequence[Row], place: int) -> int:
    """Return the number of rows of the header that ends at `place`; 0 if none does."""
    for size in range(1, min(HEADER_ROWS, place + 1) + 1):
        if size > 1 and not _is_header_like(rows[place - size + 1]):
            return 0
        if _is_header(*_titles(rows, place, size)):
            above = rows[place - size] if place >= size else []
            return size + (size < HEADER_ROWS and _is_header_like(above) and _filled(above) > 1)
    return 0


def _filled(row: Row) -> int:
    return sum(isinstance(cell, Decimal) or bool(cell.strip()) for cell in row)


def _is_header_like(row: Row) -> bool:
    """Return whether the row has no ticker, and more texts than numbers."""
    if any(map(_is_ticker, row)):
        return False
    numbers = sum(isinstance(cell, Decimal) or is_number(cell) for cell in row)
    return 2 * numbers < _filled(row)


def _is_ticker(cell: Cell) -> bool:
    """Return whether the text is no title, which may look like PETR 4: Nota 1."""
    if not isinstance(cell, str) or len(cell) > MAX_TITLE or APART.fullmatch(cell.strip()):
        return False
    return bool(tickers_in(cell))


def _is_header(titles: Sequence[str], groups: Sequence[str]) -> bool:
    """Return whether these are the titles of a known file, or of an amount and something else."""
    if source_of(titles):
        return True
    roles = [
        {role for role, rank in roles_of(title, group).items() if rank < WEAK or role in MONEY}
        for title, group in zip(titles, groups, strict=True)
    ]
    distinct = set().union(*roles)
    amounts = distinct & {Role.QUANTIDADE, *MONEY}
    with_role = [each for each in roles if each]
    return bool(amounts) and len(with_role) > 1 and len(distinct) > 1


def _titles(rows: Sequence[Row], place: int, size: int) -> tuple[list[str], list[str]]:
    """Return the titles of a header whose last row is `place`, and the text above each.

    A cell that spans columns has its text in the first one only. A blank title takes the text
    directly above it, as under a cell that spans rows.
    """
    span = rows[place - size + 1 : place + 1]
    width = max(map(len, span))
    texts = [[_text(row, column) for column in range(width)] for row in span]
    titles, groups = list(texts[-1]), [""] * width
    for row in reversed(texts[:-1]):
        current = ""
        for column, text in enumerate(row):
            current = text or current
            if not titles[column]:
                titles[column] = text
            elif titles[column] != text:
                groups[column] = f"{current} {groups[column]}".strip()
    return titles, groups


def _text(row: Row, column: int) -> str:
    return str(row[column]).strip() if column < len(row) else ""
