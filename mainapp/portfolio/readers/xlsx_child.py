"""Worker of `core.bounded_child` that reads and writes XLSX files.

`read ROWS COLUMNS CELL` reads every sheet, without formulas. The arguments are the largest numbers
of rows in all sheets, of columns and of characters in a cell. The answer is {"sheets": [{"name",
"hidden", "rows": [[text or number, …], …]}]}, with one row more than the limit if there are more,
or {"error": "large" | "broken" | "wide"}. Dates, percentages and foreign money become the text that
a CSV file would have: 2026-01-05, 12.5%, US$ 3.

`write` makes a sheet of the data {"title", "rows"}, in JSON, whose first row is a header; the
answer is {"file": base64}.
"""

import base64
import io
import json
import math
import re
import sys
import zipfile
import zlib
from datetime import date, datetime
from typing import Any

if __name__ == "worker":
    # Without numpy, openpyxl loads in half of the time and needs 12 MiB less.
    sys.modules["numpy"] = None  # type: ignore[assignment] # None means that it is missing

import openpyxl

MAX_UNPACKED_BYTES = 10 * 1024 * 1024
MAX_PARTS = 500
MAX_SHEETS = 50
# Excel stores 15 significant digits; more are noise of floating-point arithmetic.
DIGITS = 15
FOREIGN = re.compile(r"US\$|USD|EUR|GBP|[€£]|\[\$\$|^\$|\"\$\"")
# Exceptions that zipfile and openpyxl raise on broken packages; XML errors are SyntaxErrors.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def work(arguments: list[str], data: bytes) -> dict[str, Any]:
    command, *limits = arguments
    if command == "write":
        return {"file": base64.b64encode(written(**json.loads(data))).decode()}
    try:
        if is_large(data):
            return {"error": "large"}
        return read(data, *map(int, limits))
    except BROKEN:
        return {"error": "broken"}


def is_large(data: bytes) -> bool:
    """Check the unpacked size; zipfile never unpacks more than the package's directory declares."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
    return len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES


def read(data: bytes, max_rows: int, max_columns: int, max_cell: int) -> dict[str, Any]:
    """Return the cells of all sheets; formulas give their last saved value."""
    book = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=True, keep_links=False
    )
    sheets: list[dict[str, Any]] = []
    count = 0
    if len(book.worksheets) > MAX_SHEETS:
        return {"error": "large"}
    for sheet in book.worksheets:
        rows = rows_of(sheet, max_rows + 1 - count, max_cell)
        if any(len(row) > max_columns for row in rows):
            return {"error": "wide"}
        count += len(rows)
        is_hidden = sheet.sheet_state != "visible"
        sheets.append({"name": sheet.title[:max_cell], "hidden": is_hidden, "rows": rows})
    return {"sheets": sheets}


def rows_of(sheet: Any, max_rows: int, max_cell: int) -> list[list[Any]]:
    """Return the rows up to the last one that is not empty, each up to its last such cell."""
    if max_rows <= 0:
        return []
    sheet.reset_dimensions()
    rows = [
        without_end([text_or_number(cell, max_cell) for cell in row])
        for row in sheet.iter_rows(max_row=max_rows)
    ]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def without_end(cells: list[Any]) -> list[Any]:
    """Return the cells up to the last one that is not empty."""
    size = max((place for place, value in enumerate(cells, 1) if value != ""), default=0)
    return cells[:size]


def text_or_number(cell: Any, max_cell: int) -> str | int | float:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "VERDADEIRO" if value else "FALSO"
    if isinstance(value, int | float) and math.isfinite(value):
        return number(value, cell.number_format or "")
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)[:max_cell]


def number(value: float, number_format: str) -> str | int | float:
    value = value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
    if "%" in number_format:
        return f"{value * 100:.10g}%"
    if foreign := FOREIGN.search(number_format):
        return f"{foreign[0]} {value}"
    return value


def written(title: str, rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
