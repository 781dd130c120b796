"""Cells and CSV files that are safe in spreadsheet programs."""

import csv
from typing import Any, TextIO

# A spreadsheet runs a cell that begins with one of these, in either width, as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CONTROL_STARTS = ("\t", "\r", "\n")
# Some programs skip them before they look for a formula.
SKIPPED = " \t\r\n\v\f\xa0\u2002\u2003\u2007\u2009\u200b\u202f\u3000\ufeff"


def inert(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: an apostrophe precedes a formula.

    Only texts change: numbers stay numbers, negative ones too.
    """
    if isinstance(value, str) and (
        value.startswith(CONTROL_STARTS) or value.lstrip(SKIPPED).startswith(FORMULA_STARTS)
    ):
        return f"'{value}"
    return value


def csv_writer(file: TextIO) -> Any:
    """Return a CSV writer for a new UTF-8 file.

    A Brazilian Excel separates columns by semicolons, and recognises UTF-8 by the byte order mark.
    """
    file.write("\ufeff")
    return csv.writer(file, delimiter=";", lineterminator="\r\n")
