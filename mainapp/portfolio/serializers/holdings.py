"""Export of a portfolio as CSV or XLSX."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mainapp.core.numbers import format_number
from mainapp.core.spreadsheets import escape_formula
from mainapp.portfolio.imports.sheets import Cell
from mainapp.portfolio.readers.files import write_csv, write_xlsx
from mainapp.portfolio.valuation import Holding

HEADERS = {
    "pt-br": ("Ativo", "Nome", "Quantidade", "Preço médio", "Nota"),
    "en": ("Ticker", "Name", "Quantity", "Average price", "Rating"),
}


def write_file(kind: str, holdings: Iterable[Holding]) -> bytes:
    """Return the portfolio as "csv" or "xlsx", with titles in the active language.

    An import reads it back unchanged. CSV files have semicolons and decimal commas in every
    language, like all exports, because a Brazilian Excel opens no others correctly.
    """
    header = HEADERS["en" if get_language() == "en" else "pt-br"]
    rows = [
        (_inert(each.symbol), _inert(each.name), each.quantidade, each.preco_medio, each.nota)
        for each in holdings
    ]
    if kind == "xlsx":
        return write_xlsx(_("Carteira"), header, rows)
    return write_csv(header, [[_text(cell) for cell in row] for row in rows])


def _inert(text: str) -> str:
    """Return the text without control characters, quoted if a spreadsheet would run it."""
    return str(escape_formula("".join(letter for letter in text if letter.isprintable())))


def _text(cell: Cell | int) -> str:
    return format_number(cell, separator=",") if isinstance(cell, Decimal) else str(cell)
