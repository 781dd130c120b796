"""CSV files and large XLSX workbooks whose cells are safe in spreadsheet programs.

A workbook is packed from rows that were first written to a file, one per line (`xlsx_rows`), so
memory stays flat and an interrupted writer can continue after the last row. openpyxl's write-only
mode needs 6 to 7 times the CPU, and has to start again from the first row.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, TextIO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone

# A spreadsheet evaluates a cell that begins with one of these, in either width, as a formula. Some
# programs first skip spaces, controls and characters without a width.
_SKIPPED = (
    "\x00-\x20\x7f-\xa0\xad\u034f\u061c\u1680\u180b-\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
)
_FORMULA = re.compile(f"[\t\r\n]|[{_SKIPPED}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")

# Limits of the format: rows per sheet including the heading, UTF-16 units per cell, characters of a
# sheet name, and digits of a number.
MAX_ROWS, MAX_TEXT, MAX_NAME, MAX_DIGITS = 1_048_576, 32_767, 31, 15
COMPRESSION = 1  # zlib level; level 6 takes twice the time for a file that is a fifth smaller
PACK_BYTES = 1024 * 1024
_DAY_S = 86_400
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - the format has no time zones
_FIRST_RIGHT_YEAR = 1901  # the format has a 29 February 1900
_SPECIAL = re.compile("[<>&\n\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": "&#10;", "\r": "&#13;"}
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # programs read _x0041_ as A
_NOT_IN_NAMES = re.compile(r"[][:*?/\\\x00-\x1f]")
_TIME_STYLE, _DATE_STYLE, _HEADING_STYLE = 1, 2, 3


def escape_formula(value: Any) -> Any:
    """Return a cell that no spreadsheet evaluates: an apostrophe is put before a formula.

    Only text changes; numbers, including negative ones, stay numbers.
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


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


def csv_rows(rows: Iterable[Sequence[Any]], *, is_start: bool = False) -> bytes:
    """Return rows of text, int, Decimal, date, datetime and None as lines of a CSV file.

    Decimals have a comma, times are in São Paulo time. The file starts with a byte order mark.
    """
    lines = io.StringIO()
    writer = csv_writer(lines)
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    text = lines.getvalue()
    return (text if is_start else text[1:]).encode("utf-8", "replace")


def xlsx_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as lines for `write_workbook`. Cells as in `csv_rows`."""
    lines = ("".join(map(_xlsx_cell, row)) for row in rows)
    return "".join(f"<row>{line}</row>\n" for line in lines).encode()


def write_workbook(
    into: Path,
    rows: IO[bytes],
    *,
    heading: Sequence[str],
    title: str,
    on_progress: Callable[[], None] = lambda: None,
    max_rows: int = MAX_ROWS,
) -> None:
    """Write a workbook from the lines of `rows`, with a new sheet after every `max_rows` lines.

    Each sheet begins with the heading. `on_progress` is called about once per megabyte.
    """
    first = _heading_row(heading)
    with ZipFile(into, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
        count = 0
        lines = rows.readlines(PACK_BYTES)
        while lines or not count:
            count += 1
            with archive.open(f"xl/worksheets/sheet{count}.xml", "w", force_zip64=True) as sheet:
                sheet.write(_SHEET_START + first)
                left = max_rows - 1
                while lines and left:
                    sheet.write(b"".join(lines[:left]))
                    left, lines = left - min(left, len(lines)), lines[left:]
                    lines = lines or rows.readlines(PACK_BYTES)
                    on_progress()
                sheet.write(_SHEET_END)
        for name, text in _parts(title, count).items():
            archive.writestr(name, text)


def sheet_name(title: str, number: int) -> str:
    """Return a valid sheet name: without forbidden characters, and cut to MAX_NAME."""
    end = f" ({number})" if number > 1 else ""
    plain = _NOT_IN_NAMES.sub(" ", title).strip().strip("'")
    return (plain[: MAX_NAME - len(end)] or "1") + end


def _csv_cell(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    if isinstance(cell, datetime):
        return f"{_local(cell):%Y-%m-%d %H:%M:%S}"
    return escape_formula(cell)


def _xlsx_cell(cell: Any) -> str:
    if cell is None or cell == "":
        return "<c/>"
    if isinstance(cell, str):
        return _text_cell(escape_formula(cell))
    if isinstance(cell, datetime):
        return _moment_cell(_local(cell))
    if isinstance(cell, date):
        return _moment_cell(datetime(cell.year, cell.month, cell.day), style=_DATE_STYLE)  # noqa: DTZ001 - a date
    return _number_cell(f"{cell:f}" if isinstance(cell, Decimal) else str(cell))


def _text_cell(text: str, style: int = 0) -> str:
    if len(text) > MAX_TEXT // 2:
        text = _shortened(text)
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\ufffd"), text)
    if "_x" in text:
        text = _ESCAPE.sub("_x005F_", text)
    number = f' s="{style}"' if style else ""
    return f'<c{number} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _shortened(text: str) -> str:
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * MAX_TEXT:
        return text
    return units[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + "…"


def _number_cell(text: str) -> str:
    """Return a number; as text if spreadsheet programs would round its last digits."""
    digits = text.lstrip("-0.").replace(".", "")
    if len(digits) > MAX_DIGITS and len(digits.rstrip("0") if "." in text else digits) > MAX_DIGITS:
        return _text_cell(text)
    return f"<c><v>{text}</v></c>"


def _moment_cell(moment: datetime, style: int = _TIME_STYLE) -> str:
    if moment.year < _FIRST_RIGHT_YEAR:
        return _text_cell(f"{moment:%Y-%m-%d %H:%M:%S}")
    age = moment - _FIRST_DAY
    serial = f"{age.days + (age.seconds + age.microseconds / 1e6) / _DAY_S:.8f}"
    return f'<c s="{style}"><v>{serial.rstrip("0").rstrip(".")}</v></c>'


def _local(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return timezone.make_naive(aware, timezone.get_default_timezone())


def _heading_row(heading: Sequence[str]) -> bytes:
    cells = "".join(_text_cell(escape_formula(label), _HEADING_STYLE) for label in heading)
    return f"<row>{cells}</row>\n".encode()


def _parts(title: str, count: int) -> dict[str, str]:
    """Return the small files of a workbook with `count` sheets, by name."""
    numbers = range(1, count + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(sheet_name(title, n))} sheetId="{n}" r:id="rId{n}"/>'
        for n in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    return {
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'{links}<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>",
        "xl/styles.xml": _STYLES,
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
        f'Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{types}</Types>',
    }


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET_START = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
    'topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    "<sheetData>\n"
).encode()
_SHEET_END = b"</sheetData></worksheet>"
_FONT = '<sz val="11"/><name val="Calibri"/>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" '
    'formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    f'<fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
    'patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/>'
    '<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="14" applyNumberFormat="1"/>'
    '<xf fontId="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" '
    'xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
