"""XLSX, read without formulas and within bounds: a small file may unpack to a large one."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.portfolio.serializers.tables import MAX_COLUMNS, Cell, Table, UnreadableFile
from mainapp.portfolio.valuation import EXACT, PRICE_STEP

MAX_UNPACKED_BYTES = 10 * 1024 * 1024
MAX_PARTS = 500
# A number of more digits before its point is no amount: it stays text, for its row to be told.
MAX_DIGITS = 20
# What broken parts of a package make its readers raise; parse errors are SyntaxErrors.
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


def read_xlsx(data: bytes, *, max_rows: int) -> Table:
    """Return the first `max_rows` rows of the first sheet; of formulas the values last saved.

    A number is rounded to 8 places: what a spreadsheet reckons has the noise of floats.
    Raises: UnreadableFile.
    """
    import openpyxl  # noqa: PLC0415 - heavy, and seldom needed

    try:
        _check_size(data)
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=max_rows, max_col=MAX_COLUMNS, values_only=True)
        return [[_cell(value) for value in row] for row in rows]
    except BROKEN as error:
        raise UnreadableFile from error


def write_xlsx(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell | int]]) -> bytes:
    """Return the file; a number that would lose digits as a float is written as text."""
    import openpyxl  # noqa: PLC0415 - heavy, and seldom needed

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(list(head))
    for row in rows:
        sheet.append([_written(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _check_size(data: bytes) -> None:
    """Pass a package that unpacks within bounds: no reader unpacks more than its list says."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise UnreadableFile(_("Esta planilha é grande demais."))


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(repr(value))
        if number.is_finite() and number.adjusted() < MAX_DIGITS:
            return number.quantize(PRICE_STEP, ROUND_HALF_UP, context=EXACT)
    return str(value)


def _written(cell: Cell | int) -> Cell | int | float:
    if not isinstance(cell, Decimal):
        return cell
    as_float = float(f"{cell:.16g}")
    return as_float if Decimal(repr(as_float)) == cell else f"{cell:f}"
