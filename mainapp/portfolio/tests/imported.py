"""Helpers for tests of the import: sheets and outcomes without a database."""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal

import openpyxl

from mainapp.portfolio.imports.merging import Conversion
from mainapp.portfolio.imports.outcome import combine
from mainapp.portfolio.imports.reading import Choices, read_tables, split_tables
from mainapp.portfolio.imports.sheets import Sheet
from mainapp.portfolio.readers import csv_child

KNOWN = {"PETR4", "VALE3", "ITUB4", "BBAS3", "HGLG11", "ABEV3"}


def conversion(symbol: str | None, ratio: str | None) -> Conversion:
    return Conversion(
        symbol=symbol, ratio=Decimal(ratio) if ratio else None, note=f"virou {symbol}."
    )


def sheet_of(text: str, separator: str = ";") -> Sheet:
    rows = [list(row) for row in csv.reader(io.StringIO(text), delimiter=separator)]
    return Sheet(rows=rows, separator=separator)


def tables_of(*sheets: Sheet, choices: Choices | None = None, known=KNOWN):
    tables, _unread = split_tables(sheets)
    return read_tables(tables, known, choices or Choices())


def table_of(text: str, **options):
    """Read the only table of a CSV text, whose separator is recognised."""
    (table,) = tables_of(sheet_of(text, csv_child.separator(text)), **options)
    return table


def outcome_of(*sheets: Sheet, conversions: Mapping = {}, refusals: Mapping = {}, **options):
    return combine(tables_of(*sheets, **options), conversions, refusals)


def holdings_of_text(text: str, **options):
    """Return {symbol: (quantity, price)} of a CSV text."""
    outcome = outcome_of(sheet_of(text, csv_child.separator(text)), **options)
    return holdings_in(outcome)


def holdings_in(outcome):
    return {each.symbol: (each.quantity, each.price) for each in outcome.holdings}


def faults_of(text: str, **options):
    """Return {line: reasons} of a CSV text."""
    outcome = outcome_of(sheet_of(text, csv_child.separator(text)), **options)
    return {fault.number: list(map(str, fault.reasons)) for fault in outcome.faults}


def workbook(**sheets):
    """Return an XLSX file of sheets of rows; a name that begins with `hidden` is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
