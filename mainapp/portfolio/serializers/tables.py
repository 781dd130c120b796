"""A file as a table of cells, whatever its format, within bounds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError

MAX_COLUMNS = 40

# What a cell holds: text, or a number that its format knows to be one.
Cell = str | Decimal
Table = list[list[Cell]]

# What a spreadsheet would run as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


UNREADABLE = _("Não conseguimos ler este arquivo como uma planilha.")


class UnreadableFile(DomainError):
    """A file that is not a table, or not a portfolio."""

    def __init__(
        self,
        template: str | Promise = UNREADABLE,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("invalid", template, params)


def inert(text: str) -> str:
    """Return text of a cell that no spreadsheet takes for a formula, without controls."""
    marked = f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
    return "".join(letter for letter in marked if letter.isprintable())


def is_empty(row: Sequence[Cell]) -> bool:
    return not any(isinstance(cell, Decimal) or cell.strip() for cell in row)
