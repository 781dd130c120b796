"""Names of stocks anywhere in a file, read or not: holdings of them are never deleted."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mainapp.market.symbols import fold
from mainapp.portfolio.imports.reading import ReadTable, State, Unread
from mainapp.portfolio.imports.sheets import Row, Sheet
from mainapp.portfolio.imports.tickers import known_tickers_in

ISIN = re.compile(r"\b[A-Z]{2}[A-Z0-9]{9}\d\b", re.ASCII)
CNPJ = re.compile(r"\b(\w{2})\.?(\w{3})\.?(\w{3})/?(\w{4})-?(\d{2})\b", re.ASCII)
EDGE = "¦"  # between two cells; a part of no word
BETWEEN = re.compile(rf"[^\w{EDGE}]|_")  # between the letters of a cell
LEAST_WORD = 3
COMMON_WORDS = {"banco", "cia", "companhia", "fundo", "fii", "etf", "bdr", "grupo", "dos", "das"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The known symbols in all cells, and the folded text and bare letters of rows without a code.

    Those rows are faults without a code, texts, and the tables and sheets that are not read. Their
    `isins` and `cnpjs` (33.000.167/0001-01) count too.
    """

    symbols: frozenset[str] = frozenset()
    text: str = ""
    letters: str = ""
    isins: frozenset[str] = frozenset()
    cnpjs: frozenset[str] = frozenset()

    def has(self, symbol: str, name: str) -> bool:
        """Return whether the file may mean this stock: PETR4, petr-4, xPETR4 or Petrobras."""
        return (
            symbol in self.symbols
            or symbol.casefold() in self.letters
            or self._has_word(_first_word(name))
        )

    def _has_word(self, word: str) -> bool:
        # Most words occur nowhere, which a plain search finds out faster.
        if not word or word not in self.text:
            return False
        return bool(re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", self.text))


def names_in(
    tables: Sequence[ReadTable], unread: Sequence[Unread], known: Collection[str]
) -> Names:
    """Return the names in all sheets; other symbols than the `known` ones are left out."""
    sheets = [table.table.sheet for table in tables] + [each.sheet for each in unread]
    rows = [row for table in tables for row in _rows_without_code(table)]
    rows += [row for each in unread for row in each.sheet.rows]
    cells = [str(cell) for row in rows for cell in row]
    # One text for all cells: to fold each alone costs 1 s of CPU for a file of 2 MB.
    text = EDGE.join(cells)
    if text.count(EDGE) >= len(cells):
        text = EDGE.join(cell.replace(EDGE, " ") for cell in cells)
    text = fold(text)
    whole = text.upper()
    return Names(
        symbols=frozenset(
            symbol
            for sheet in {id(each): each for each in sheets}.values()
            for symbol in symbols_in(sheet, known)
        ),
        text=text,
        letters=BETWEEN.sub("", text),
        isins=frozenset(ISIN.findall(whole)),
        cnpjs=frozenset("{}.{}.{}/{}-{}".format(*parts) for parts in CNPJ.findall(whole)),
    )


def symbols_in(sheet: Sheet, known: Collection[str]) -> set[str]:
    """Return every known symbol in the sheet."""
    texts = (cell for row in sheet.rows for cell in row if isinstance(cell, str))
    return known_tickers_in(texts, known)


def _rows_without_code(table: ReadTable) -> Iterator[Row]:
    if table.state == State.READ:
        numbers = {fault.number for fault in table.rows.faults if not fault.symbol}
        numbers.update(table.rows.skipped)
        yield from (row for number, row in table.table.rows if number in numbers)
    else:
        yield from (row for _number, row in table.table.rows)


def _first_word(name: str) -> str:
    """Return the first distinctive word of a name: petrobras of Petrobras PN, "" if none is."""
    words = (word for word in fold(name).split() if word not in COMMON_WORDS)
    return next((word for word in words if len(word) >= LEAST_WORD), "")
