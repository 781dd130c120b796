"""A file as a table of cells, whatever its format, within bounds."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from mainapp.core.exceptions import DomainError

MAX_COLUMNS = 40

# What a cell holds: text, or a number that its format knows to be one.
Cell = str | Decimal
Table = list[list[Cell]]

# What a spreadsheet would run as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class UnreadableFile(DomainError):
    """A file that is no table, or not one of ours."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or _("Não conseguimos ler este arquivo como uma planilha."))


def inert(text: str) -> str:
    """Return text of a cell that no spreadsheet takes for a formula, without controls."""
    marked = f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
    return "".join(letter for letter in marked if letter.isprintable())


def is_empty(row: Sequence[Cell]) -> bool:
    return not any(isinstance(cell, Decimal) or cell.strip() for cell in row)
