import io
from decimal import Decimal

import pytest

from mainapp.core.spreadsheets import csv_writer, escape_formula, streamed_csv

STARTS = [
    "=", "+", "-", "@", "\t", "\r", "\n", "  =", "\uff1d", "\uff0b", "\uff0d", "\uff20",
    "\xa0=", "\ufeff=", "\u200b@", "\u3000\uff1d", "\x00=", "\x1f+", "\x85=", "\xad=", "\u061c-",
    "\u1680=", "\u180e=", "\u200e@", "\u2028=", "\u202e=", "\u205f=", "\u2060=", "\ufe0f=",
]  # fmt: skip


@pytest.mark.parametrize("start", STARTS)
def test_formulas_are_quoted(start):
    assert escape_formula(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("value", ["a=1", "", None, 3, -3, Decimal("-3.5"), "1-2", "'=1", " a"])
def test_other_cells_are_unchanged(value):
    assert escape_formula(value) == value


def test_csv_files_have_a_mark_semicolons_and_quotes():
    file = io.StringIO()

    csv_writer(file).writerows([["a", 'b "c"'], ["d;e", "f\ng"]])

    assert file.getvalue() == '\ufeffa;"b ""c"""\r\n"d;e";"f\ng"\r\n'


def test_streamed_files_come_line_by_line_without_formulas():
    lines = list(streamed_csv(["name", "n"], [["=1+1", -3], ["ana", None]]))

    assert lines == ["\ufeffname;n\r\n", "'=1+1;-3\r\n", "ana;\r\n"]
