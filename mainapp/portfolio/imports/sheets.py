"""Sheets of cells, the common form of every imported file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError, fill

MAX_COLUMNS = 200
# Characters of a cell that are read: the longest column title or number is far shorter.
MAX_CELL = 200

# Text, or a number if the file's format marks it as one. Readers turn a spreadsheet's dates,
# percentages and foreign money into the text that a CSV file would have: 2026-01-05, 12.5%, US$ 3.
Cell = str | Decimal
Row = list[Cell]

UNREADABLE = _("Não conseguimos ler este arquivo como uma planilha.")
NO_TABLE = _("Não achamos um cabeçalho com as colunas Ativo, Quantidade e Preço médio.")
ONLY_HIDDEN = _(
    "Não achamos um cabeçalho com as colunas Ativo, Quantidade e Preço médio. Abas ocultas não são "
    "lidas: %(names)s."
)
TOO_LARGE = _("Esta planilha é grande demais.")
TOO_MANY_ROWS = _("O arquivo tem mais de %(limit)s linhas.")


class UnreadableFile(DomainError):
    """A file that is not a table."""

    def __init__(
        self,
        template: str | Promise = UNREADABLE,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("invalid", template, params)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for not importing something.

    It is translated when it is shown, as most of the reasons of a file of 5,000 rows never are.
    """

    template: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(gettext(self.template), self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a file; a CSV file is a sheet without a name, with its `separator`.

    Rows have their own lengths: those of a CSV file as written, those of a spreadsheet up to the
    last cell that is not empty.
    """

    rows: list[Row]
    name: str = ""
    is_hidden: bool = False
    separator: str = ""


def is_empty(row: Sequence[Cell]) -> bool:
    return not any(isinstance(cell, Decimal) or cell.strip() for cell in row)


def column_name(place: int) -> str:
    """Return a column's name in a spreadsheet: A, B, …, Z, AA."""
    name = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
