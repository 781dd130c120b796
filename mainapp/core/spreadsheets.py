"""Cells and CSV files that are safe in spreadsheet programs."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

# A spreadsheet evaluates a cell that begins with one of these, in either width, as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CONTROL_STARTS = ("\t", "\r", "\n")
# Characters that some programs skip before they check for a formula.
SKIPPED = " \t\r\n\v\f\xa0\u2002\u2003\u2007\u2009\u200b\u202f\u3000\ufeff"


def escape_formula(value: Any) -> Any:
    """Return a cell that no spreadsheet evaluates: an apostrophe is put before a formula.

    Only text changes; numbers, including negative ones, stay numbers.
    """
    if isinstance(value, str) and (
        value.startswith(CONTROL_STARTS) or value.lstrip(SKIPPED).startswith(FORMULA_STARTS)
    ):
        return f"'{value}"
    return value


def csv_writer(file: TextIO) -> Any:
    """Return a CSV writer for a new UTF-8 file.

    Excel in Brazilian Portuguese expects semicolons, and recognises UTF-8 by a byte order mark.
    """
    file.write("\ufeff")
    return csv.writer(file, delimiter=";", lineterminator="\r\n")


def streamed_csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a CSV file line by line, as `csv_writer` writes it; formulas in cells are escaped."""
    line = io.StringIO()
    writer = csv_writer(line)
    writer.writerow(header)
    for row in rows:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow([escape_formula(cell) for cell in row])
    yield line.getvalue()
