"""Worker of `core.bounded_child` that reads and writes XLSX files.

`read ROWS COLUMNS CELL` reads the first sheet, without formulas, up to these numbers of rows, of
columns and of characters in a cell. The answer is {"rows": [[text or number, …], …]}, or
{"error": "large" | "broken"}. `write` makes a sheet of the data {"title", "rows"}, in JSON, whose
first row is a header; the answer is {"file": base64}.
"""

import base64
import io
import json
import math
import sys
import zipfile
import zlib
from typing import Any

if __name__ == "worker":
    # Without numpy, openpyxl loads in half of the time and needs 12 MiB less.
    sys.modules["numpy"] = None  # type: ignore[assignment] # None means that it is missing

import openpyxl

MAX_UNPACKED_BYTES = 10 * 1024 * 1024
MAX_PARTS = 500
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
        return {"rows": rows_of(data, *map(int, limits))}
    except BROKEN:
        return {"error": "broken"}


def is_large(data: bytes) -> bool:
    """Check the unpacked size. No reader unpacks more than the package's directory declares."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
    return len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES


def rows_of(data: bytes, max_rows: int, max_columns: int, max_cell: int) -> list[list[Any]]:
    """Return the cells of the first sheet; formulas give their last saved value."""
    book = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=True, keep_links=False
    )
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=max_rows, max_col=max_columns, values_only=True)
    return [without_end([cell(value, max_cell) for value in row]) for row in rows]


def without_end(cells: list[Any]) -> list[Any]:
    """Return the cells up to the last one that is not empty."""
    size = max((place for place, value in enumerate(cells, 1) if value != ""), default=0)
    return cells[:size]


def cell(value: Any, max_cell: int) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return str(value)[:max_cell]


def written(title: str, rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
