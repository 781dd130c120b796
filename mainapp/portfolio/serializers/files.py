"""CSV and XLSX files as tables of cells, read and written in bounded child processes."""

import base64
import io
import json
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core import bounded_child
from mainapp.core.spreadsheets import csv_writer
from mainapp.portfolio.serializers.tables import MAX_CELL, MAX_COLUMNS, Cell, Table, UnreadableFile
from mainapp.portfolio.valuation import EXACT, PRICE_STEP

CSV, XLSX = (Path(__file__).with_name(f"{kind}_child.py") for kind in ("csv", "xlsx"))
LIMITS = bounded_child.Limits(memory=96 * bounded_child.MIB)
# A number with more integer digits stays text, so that its row is reported as an error.
MAX_DIGITS = 20
LARGE = _("Esta planilha é grande demais.")
BUSY = _("Muitos arquivos chegaram ao mesmo tempo: tente de novo em instantes.")
REFUSALS = {
    "large": LARGE,
    "busy": BUSY,
    "columns": _("As linhas deste CSV não se deixam separar em colunas."),
}


def read_csv(data: bytes, *, max_rows: int) -> Table:
    """Return the first `max_rows` rows. Raises: UnreadableFile."""
    return _table(CSV, data=data, max_rows=max_rows)


def read_xlsx(data: bytes, *, max_rows: int) -> Table:
    """Return the first `max_rows` rows of the first sheet; formulas give their last saved value.

    Numbers are rounded to 8 places, since the results of formulas carry floating-point noise.
    Raises: UnreadableFile.
    """
    return _table(XLSX, "read", data=data, max_rows=max_rows)


def write_csv(head: Sequence[str], rows: Sequence[Sequence[str]], *, separator: str) -> bytes:
    file = io.StringIO()
    csv_writer(file, separator).writerows([head, *rows])
    return file.getvalue().encode()


def write_xlsx(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell | int]]) -> bytes:
    """Return the file; a number that would lose digits as a float is written as text.

    Raises: UnreadableFile while the server is busy.
    """
    sheet = {"title": title, "rows": [head, *([_written(cell) for cell in row] for row in rows)]}
    answer = bounded_child.run(XLSX, "write", data=json.dumps(sheet).encode(), limits=LIMITS)
    if "error" in answer:
        raise UnreadableFile(REFUSALS[answer["error"]])
    return base64.b64decode(answer["file"])


def _table(worker: Path, *command: str, data: bytes, max_rows: int) -> Table:
    """Return a worker's rows, all of the same length. Raises: UnreadableFile."""
    sizes = map(str, (max_rows, MAX_COLUMNS, MAX_CELL))
    answer = bounded_child.run(worker, *command, *sizes, data=data, limits=LIMITS)
    if error := answer.get("error"):
        raise UnreadableFile(REFUSALS[error]) if error in REFUSALS else UnreadableFile
    width = max(map(len, answer["rows"]), default=0)
    return [[_cell(value) for value in row] + [""] * (width - len(row)) for row in answer["rows"]]


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return value
    number = Decimal(value)
    if number.adjusted() < MAX_DIGITS:
        return number.quantize(PRICE_STEP, ROUND_HALF_UP, context=EXACT)
    return str(number)


def _written(cell: Cell | int) -> str | int | float:
    if not isinstance(cell, Decimal):
        return cell
    as_float = float(f"{cell:.16g}")
    return as_float if Decimal(repr(as_float)) == cell else f"{cell:f}"
