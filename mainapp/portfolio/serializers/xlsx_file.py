"""XLSX files, read without formulas and with limits against decompression bombs."""

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
# A number with more integer digits stays text, so that its row is reported as an error.
MAX_DIGITS = 20
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


def read_xlsx(data: bytes, *, max_rows: int) -> Table:
    """Return the first `max_rows` rows of the first sheet; formulas give their last saved value.

    Numbers are rounded to 8 places, since the results of formulas carry floating-point noise.
    Raises: UnreadableFile.
    """
    import openpyxl  # noqa: PLC0415 - heavy and rarely needed

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
    import openpyxl  # noqa: PLC0415 - heavy and rarely needed

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
    """Check the unpacked size. No reader unpacks more than the package's directory declares.

    Raises: UnreadableFile.
    """
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
