"""Conversion between tables of cells and the rows of a portfolio."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_noop, ngettext_lazy
from django.utils.translation import gettext as _

from mainapp.core.forms import (
    AmbiguousNumber,
    decimal_separator,
    detect_separator,
    format_number,
    parse_number,
)
from mainapp.core.spreadsheets import escape_formula
from mainapp.market.models import Stock
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.symbols import fold
from mainapp.portfolio.forms.carteira import amount_field, check_stock
from mainapp.portfolio.policies import MAX_FILE_ROWS, MAX_NOTA
from mainapp.portfolio.serializers.files import read_csv, read_xlsx, write_csv, write_xlsx
from mainapp.portfolio.serializers.tables import Cell, Table, UnreadableFile, is_empty
from mainapp.portfolio.services import NewRow
from mainapp.portfolio.valuation import Holding

# Column titles without accents and punctuation, as this site, brokers and B3's investor area use.
NAMES = {
    "ativo": {
        "ativo", "ticker", "codigo", "codigo de negociacao", "codigo do ativo", "papel",
        "symbol", "stock", "asset", "code",
    },
    "quantidade": {
        "quantidade", "qtd", "qtde", "quant", "quantidade total", "quantity", "shares", "qty",
    },
    "preco_medio": {
        "preco medio", "preco medio r", "preco medio de compra", "pm", "custo medio",
        "average price", "average price r", "avg price", "average cost",
    },
    "nota": {"nota", "nota 0 a 10", "peso", "score", "weight", "rating", "grade"},
}  # fmt: skip
HEADS = {
    "pt-br": ("Ativo", "Nome", "Quantidade", "Preço médio", "Nota"),
    "en": ("Ticker", "Name", "Quantity", "Average price", "Rating"),
}
REQUIRED = ("ativo", "quantidade", "preco_medio")
HEAD_WITHIN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RowErrors:
    """Errors of one row; `number` counts as a spreadsheet does."""

    number: int
    text: str
    errors: list[str]


@dataclass(slots=True)
class ReadFile:
    """Content of a file: at most one row per stock; `empty` holds the numbers of blank rows."""

    rows: list[NewRow] = field(default_factory=list)
    errors: list[RowErrors] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)


def read_file(data: bytes) -> ReadFile:
    """Read a portfolio from CSV or XLSX; errors of rows are reported by row number.

    Raises: UnreadableFile for another format, missing columns or too many rows. Cost: one query and
    a bounded child process.
    """
    most = HEAD_WITHIN + MAX_FILE_ROWS + 1
    table = _table(data, max_rows=most)
    while table and is_empty(table[-1]):
        table.pop()
    head, columns = _head(table)
    body = table[head + 1 :]
    if len(body) > MAX_FILE_ROWS:
        raise UnreadableFile(
            ngettext_lazy(
                "O arquivo tem mais de %(limit)s linha.",
                "O arquivo tem mais de %(limit)s linhas.",
                MAX_FILE_ROWS,
            ),
            {"limit": MAX_FILE_ROWS},
        )
    return _read(body, columns, first=head + 2)


def write_file(kind: str, holdings: Iterable[Holding]) -> bytes:
    """Return the portfolio as "csv" or "xlsx", in the active language; `read_file` reads it."""
    head = HEADS["en" if get_language() == "en" else "pt-br"]
    rows = [
        (_inert(each.symbol), _inert(each.name), each.quantidade, each.preco_medio, each.nota)
        for each in holdings
    ]
    if kind == "xlsx":
        return write_xlsx(_("Carteira"), head, rows)
    separator = decimal_separator()
    texts = [[_text(cell, separator) for cell in row] for row in rows]
    return write_csv(head, texts, separator=";" if separator == "," else ",")


def _inert(text: str) -> str:
    """Return the text without control characters, quoted if a spreadsheet would run it."""
    return str(escape_formula("".join(letter for letter in text if letter.isprintable())))


def _text(cell: Cell | int, separator: str) -> str:
    return format_number(cell, separator=separator) if isinstance(cell, Decimal) else str(cell)


def _table(data: bytes, *, max_rows: int) -> Table:
    if data.startswith(b"PK\x03\x04"):
        return read_xlsx(data, max_rows=max_rows)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            gettext_noop(
                "Este é um arquivo antigo do Excel (.xls), ou tem senha: salve como .xlsx ou CSV."
            )
        )
    if data.startswith(b"%PDF"):
        raise UnreadableFile(gettext_noop("Este arquivo é um PDF: traga um CSV ou XLSX."))
    return read_csv(data, max_rows=max_rows)


def _head(table: Table) -> tuple[int, Mapping[str, int]]:
    """Return the index of the header row and the index of each known column."""
    best: dict[str, int] = {}
    for place, row in enumerate(table[:HEAD_WITHIN]):
        columns = _columns(row)
        if all(name in columns for name in REQUIRED):
            return place, columns
        best = max(best, columns, key=len)
    if not best:
        raise UnreadableFile(
            gettext_noop("Não achamos um cabeçalho com as colunas Ativo, Quantidade e Preço médio.")
        )
    titles = {"ativo": _("Ativo"), "quantidade": _("Quantidade"), "preco_medio": _("Preço médio")}
    missing = ", ".join(titles[name] for name in REQUIRED if name not in best)
    raise UnreadableFile(gettext_noop("Falta no cabeçalho: %(columns)s."), {"columns": missing})


def _columns(row: Sequence[Cell]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, cell in enumerate(row):
        title = " ".join(re.sub(r"[^a-z0-9]+", " ", fold(str(cell))).split())
        for name, titles in NAMES.items():
            if title in titles:
                columns.setdefault(name, place)
    return columns


def _read(body: Table, columns: Mapping[str, int], *, first: int) -> ReadFile:
    numbered = list(enumerate(body, start=first))
    filled = [(number, row) for number, row in numbered if not is_empty(row)]
    result = ReadFile(empty=[number for number, row in numbered if is_empty(row)])
    reader = _RowReader(columns, [row for _number, row in filled])
    for number, row in filled:
        new, errors = reader.read(number, row)
        if new:
            result.rows.append(new)
        else:
            text = str(row[columns["ativo"]])[:40]
            result.errors.append(RowErrors(number=number, text=text, errors=errors))
    return result


class _RowReader:
    """Reader for the rows of one table.

    All stocks are read by one query, and all numbers by one convention for the decimal separator.
    """

    def __init__(self, columns: Mapping[str, int], rows: Sequence[Sequence[Cell]]) -> None:
        self._columns = columns
        self._stocks = stocks_named(self._symbol(row) for row in rows)
        self._separator = detect_separator(self._number_texts(rows))
        self._amount = amount_field("")
        self._seen: dict[int, int] = {}

    def read(self, number: int, row: Sequence[Cell]) -> tuple[NewRow | None, list[str]]:
        """Return the row, or None and its errors."""
        values: dict[str, Any] = {}
        errors: list[str] = []
        for name, read in (
            ("ativo", self._stock),
            ("quantidade", self._quantity),
            ("preco_medio", self._price),
            ("nota", self._nota),
        ):
            try:
                values[name] = read(row)
            except ValidationError as error:
                errors += error.messages
        stock = values.get("ativo")
        if stock and (earlier := self._seen.setdefault(stock.pk, number)) != number:
            errors.append(_("Repete o ativo da linha %(number)s.") % {"number": earlier})
        if errors:
            return None, errors
        return NewRow(stock=values.pop("ativo"), **values), []

    def _stock(self, row: Sequence[Cell]) -> Stock:
        symbol = self._symbol(row)
        if not symbol:
            raise ValidationError(_("Falta o ativo."))
        stock = self._stocks.get(symbol)
        check_stock(symbol[:40], stock)
        assert stock
        return stock

    def _quantity(self, row: Sequence[Cell]) -> Decimal:
        return self._number(row, "quantidade", _("Quantidade"))

    def _price(self, row: Sequence[Cell]) -> Decimal:
        return self._number(row, "preco_medio", _("Preço médio"))

    def _nota(self, row: Sequence[Cell]) -> int | None:
        cell = row[self._columns["nota"]] if "nota" in self._columns else ""
        if isinstance(cell, str) and not cell.strip():
            return None
        nota = self._number(row, "nota", _("Nota"))
        if nota != int(nota) or nota > MAX_NOTA:
            raise ValidationError(_("Nota: use um número inteiro de 0 a 10."))
        return int(nota)

    def _number(self, row: Sequence[Cell], name: str, title: str) -> Decimal:
        cell = row[self._columns[name]]
        try:
            number: Decimal = self._amount.clean(self._parsed(cell))
        except ValidationError as error:
            raise ValidationError([f"{title}: {message}" for message in error.messages]) from error
        return number

    def _parsed(self, cell: Cell) -> Cell:
        """Return the number, or text that is not a number, so that the field reports the error."""
        if isinstance(cell, Decimal):
            return cell
        try:
            number = parse_number(cell, separator=self._separator)
        except AmbiguousNumber as error:
            raise self._amount.ambiguous(cell, error) from None
        return cell.strip() if number is None else number

    def _symbol(self, row: Sequence[Cell]) -> str:
        return str(row[self._columns["ativo"]]).strip().removeprefix("'")

    def _number_texts(self, rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
        for row in rows:
            for name in ("quantidade", "preco_medio"):
                cell = row[self._columns[name]]
                if isinstance(cell, str):
                    yield cell
