"""Files as sheets of cells, and tables of cells as files."""

import base64
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core import bounded_child
from mainapp.core.spreadsheets import csv_writer
from mainapp.portfolio.imports.sheets import (
    MAX_CELL,
    MAX_COLUMNS,
    TOO_LARGE,
    TOO_MANY_ROWS,
    Cell,
    Sheet,
    UnreadableFile,
    is_empty,
)
from mainapp.portfolio.policies import MAX_FILE_ROWS

CSV, XLSX = (Path(__file__).with_name(f"{kind}_child.py") for kind in ("csv", "xlsx"))
LIMITS = bounded_child.Limits(memory=96 * bounded_child.MIB)
# Rows of a file: those of its tables, their titles and the texts above.
MAX_ROWS = MAX_FILE_ROWS + 500
BUSY = _("Muitos arquivos chegaram ao mesmo tempo: tente de novo em instantes.")
ODS = _("Este é um arquivo do LibreOffice (.ods): salve como .xlsx ou CSV.")
HTML = _("Este arquivo é uma página da web com nome de planilha: abra-o e salve como .xlsx.")
# By their first bytes, in lower case.
FOREIGN_FORMATS = {
    b"\xd0\xcf\x11\xe0": _(
        "Este é um arquivo antigo do Excel (.xls), ou tem senha: salve como .xlsx ou CSV."
    ),
    b"%pdf": _(
        "Este arquivo é um PDF: envie um CSV ou XLSX. Notas de corretagem ainda não são lidas."
    ),
    b"<html": HTML,
    b"<!doctype html": HTML,
    b"<table": HTML,
}
REFUSALS = {
    "large": TOO_LARGE,
    "busy": BUSY,
    "wide": _("A planilha tem mais de 200 colunas."),
    "columns": _("Não conseguimos separar as linhas deste CSV em colunas."),
}


def read_sheets(data: bytes) -> list[Sheet]:
    """Return the sheets of a CSV or XLSX file, at most MAX_ROWS rows in all.

    Formulas give their last saved value. Cost: a bounded child process. Raises: UnreadableFile.
    """
    for start, message in FOREIGN_FORMATS.items():
        if data.lstrip()[:200].lower().startswith(start):
            raise UnreadableFile(message)
    if data.startswith(b"PK\x03\x04"):
        if b"opendocument.spreadsheet" in data[:100]:
            raise UnreadableFile(ODS)
        return _sheets(XLSX, "read", data=data)
    return _sheets(CSV, data=data)


def write_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    file = io.StringIO()
    csv_writer(file).writerows([header, *rows])
    return file.getvalue().encode()


def write_xlsx(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell | int]]) -> bytes:
    """Return the file; a number that would lose digits as a float is written as text.

    Raises: UnreadableFile while the server is busy.
    """
    sheet = {"title": title, "rows": [header, *([_written(cell) for cell in row] for row in rows)]}
    answer = bounded_child.run(XLSX, "write", data=json.dumps(sheet).encode(), limits=LIMITS)
    if "error" in answer:
        raise UnreadableFile(REFUSALS[answer["error"]])
    return base64.b64decode(answer["file"])


def _sheets(worker: Path, *command: str, data: bytes) -> list[Sheet]:
    sizes = map(str, (MAX_ROWS, MAX_COLUMNS, MAX_CELL))
    answer = bounded_child.run(worker, *command, *sizes, data=data, limits=LIMITS)
    if error := answer.get("error"):
        raise UnreadableFile(REFUSALS[error]) if error in REFUSALS else UnreadableFile
    sheets = [
        Sheet(
            name=sheet["name"],
            is_hidden=sheet.get("hidden", False),
            separator=sheet.get("separator", ""),
            rows=_without_end([list(map(_cell, row)) for row in sheet["rows"]]),
        )
        for sheet in answer["sheets"]
    ]
    if sum(len(sheet.rows) for sheet in sheets) > MAX_ROWS:
        raise UnreadableFile(TOO_MANY_ROWS, {"limit": MAX_FILE_ROWS})
    return sheets


def _without_end(rows: list[list[Cell]]) -> list[list[Cell]]:
    while rows and is_empty(rows[-1]):
        rows.pop()
    return rows


def _cell(value: Any) -> Cell:
    return value if isinstance(value, str) else Decimal(value)


def _written(cell: Cell | int) -> str | int | float:
    if not isinstance(cell, Decimal):
        return cell
    as_float = float(f"{cell:.15g}")
    return as_float if Decimal(repr(as_float)) == cell else f"{cell:f}"
