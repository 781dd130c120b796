"""Dates in cells: 05/01/2026, 2026-01-05, 20260105, 5 jan 2026, and a spreadsheet's day number."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from mainapp.market.symbols import fold
from mainapp.portfolio.imports.sheets import Cell

# Excel and LibreOffice count days from here.
DAY_0 = date(1899, 12, 30)
FIRST_DAY, LAST_DAY = 20_000, 80_000  # 1954 to 2119, as spreadsheets count days
LAST_NUMBER = 99_999_999  # as in 20260105
YEAR_FIRST = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[t ].*)?", re.ASCII)
DAY_FIRST = re.compile(
    r"(\d{1,2})[-/. ](?:de )?(\d{1,2}|[a-z]{3,})\.?[-/. ](?:de )?(\d{4}|\d{2})(?: .*)?", re.ASCII
)
MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "fev feb", "mar", "abr apr", "mai may", "jun", "jul", "ago aug", "set sep",
         "out oct", "nov", "dez dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip


def read_dates(cells: Sequence[Cell]) -> list[date | None]:
    """Return the dates of a column; None for other cells.

    Slashes are read as day/month unless a day above 12 in the second place shows month/day.
    """
    triples = [_triple(cell) for cell in cells]
    is_month_first = any(
        order == "dmy" and second > 12 >= first for order, first, second, _year in triples
    )
    return [_date(*triple, is_month_first=is_month_first) for triple in triples]


def _triple(cell: Cell) -> tuple[str, int, int, int]:
    """Return the order of the parts (ymd, dmy or empty) and the three parts."""
    if isinstance(cell, Decimal):
        text = str(int(cell)) if 0 < cell <= LAST_NUMBER and cell == int(cell) else ""
    else:
        text = fold(cell)
    if text.isdecimal() and FIRST_DAY <= int(text[:9]) <= LAST_DAY:
        day = DAY_0 + timedelta(days=int(text))
        return ("ymd", day.year, day.month, day.day)
    if match := YEAR_FIRST.fullmatch(text):
        return ("ymd", int(match[1]), int(match[2]), int(match[3]))
    if match := DAY_FIRST.fullmatch(text):
        month = int(match[2]) if match[2].isdecimal() else MONTHS.get(match[2][:3], 0)
        year = int(match[3])
        order = "dmy" if match[2].isdecimal() else "fixed"
        return (order, int(match[1]), month, year if year > 99 else 2000 + year)
    return ("", 0, 0, 0)


def _date(order: str, first: int, second: int, third: int, *, is_month_first: bool) -> date | None:
    if order == "dmy" and is_month_first:
        first, second = second, first
    try:
        return date(first, second, third) if order == "ymd" else date(third, second, first)
    except ValueError:
        return None
