"""Rows of CSV files and workbooks, with cells that break naive writers."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from mainapp.core.spreadsheets import (
    MAX_TEXT,
    csv_rows,
    sheet_name,
    write_workbook,
    xlsx_rows,
)

HEADING = ("Ativo", "=Preço", "Criado em (horário de São Paulo)")
NOON = datetime(2026, 3, 10, 15, 0, 5, 250_000, tzinfo=UTC)


def sheets_of(path):
    workbook = openpyxl.load_workbook(path)
    return {s.title: [list(r) for r in s.iter_rows(values_only=True)] for s in workbook.worksheets}


def workbook_of(tmp_path, rows, **options):
    path = tmp_path / "report.xlsx"
    options = {"heading": HEADING, "title": "Alertas"} | options
    write_workbook(path, io.BytesIO(xlsx_rows(rows)), **options)
    return sheets_of(path)


def test_csv_cells_are_those_of_a_brazilian_spreadsheet():
    row = ["PETR4", "=1+1", Decimal("-1234.50"), 7, None, NOON, date(2026, 3, 10), "a;b\n\ud800"]
    assert csv_rows([row], is_start=True).decode() == (
        '\ufeffPETR4;\'=1+1;-1234,50;7;;2026-03-10 12:00:05;2026-03-10;"a;b\n?"\r\n'
    )
    assert csv_rows([["a"], ["b"]]) == b"a\r\nb\r\n"


def test_cells_of_a_workbook_keep_their_types(tmp_path):
    row = ["PETR4", "=1+1", Decimal("-1234.50"), 7, None, NOON, date(2026, 3, 10)]
    sheets = workbook_of(tmp_path, [row], heading=["h"] * 7)
    assert sheets["Alertas"][1] == [
        *("PETR4", "'=1+1", -1234.5, 7, None),
        *(datetime(2026, 3, 10, 12, 0, 5, 250_000), datetime(2026, 3, 10)),  # noqa: DTZ001 - local
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\nc\td", "a\nb\r\nc\td"),
        ("<a & 'b'> \"c\"", "<a & 'b'> \"c\""),
        ("  espaços  ", "  espaços  "),
        ("\x00\x0b\ufffe\ud800", "\ufffd" * 4),
        # Excel and LibreOffice turn _x005F_ back into _; openpyxl does not.
        ("_x0041_ _x_", "_x005F_x0041_ _x_"),
        ("😀" * 2, "😀" * 2),
    ],
)
def test_any_text_survives(tmp_path, text, shown):
    assert workbook_of(tmp_path, [[text]], heading=["h"])["Alertas"][1] == [shown]


@pytest.mark.parametrize("letter", ["a", "😀", "\n"])
def test_a_text_is_cut_to_what_a_cell_takes(tmp_path, letter):
    full = "x" + letter * ((MAX_TEXT - 1) // (len(letter.encode("utf-16-le")) // 2))
    assert workbook_of(tmp_path, [[full]], heading=["h"])["Alertas"][1] == [full]
    cut = workbook_of(tmp_path, [[full + letter * 2]], heading=["h"])["Alertas"][1][0]
    assert cut.endswith(f"{letter}…")
    assert MAX_TEXT - 2 <= len(cut.encode("utf-16-le")) // 2 <= MAX_TEXT


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (123_456_789_012_345, 123_456_789_012_345),
        (1_234_567_890_123_456, "1234567890123456"),
        (Decimal("0.000000000000012345"), 1.2345e-14),
        (Decimal("123456.1234567890"), 123456.123456789),
        (Decimal("12345678.12345678"), "12345678.12345678"),
    ],
)
def test_numbers_with_more_digits_than_programs_keep_are_text(tmp_path, number, shown):
    assert workbook_of(tmp_path, [[number]], heading=["h"])["Alertas"][1] == [shown]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_a_full_sheet_is_followed_by_another_one(tmp_path, count):
    rows = [[n, None, None] for n in range(count)]
    sheets = workbook_of(tmp_path, rows, max_rows=3)
    heading = ["Ativo", "'=Preço", HEADING[2]]
    expected = {"Alertas": [heading, *rows[:2]]}
    if count > 2:
        expected["Alertas (2)"] = [heading, *rows[2:4]]
    if count > 4:
        expected["Alertas (3)"] = [heading, *rows[4:]]
    assert sheets == expected


@pytest.mark.parametrize(
    ("title", "number", "name"),
    [
        ("Alertas", 1, "Alertas"),
        ("Alertas", 2, "Alertas (2)"),
        ("Atividade de um clube: fundo [a/b]?*", 1, "Atividade de um clube  fundo  a"),
        ("Atividade de um clube e de outros", 12, "Atividade de um clube e de (12)"),
        ("''", 1, "1"),
    ],
)
def test_names_of_sheets_fit(title, number, name):
    assert sheet_name(title, number) == name
    assert len(name) <= 31
