"""Tables of cells, the common form of every imported file."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_noop as _

from mainapp.core.exceptions import DomainError

MAX_COLUMNS = 40
# Characters of a cell that are read: the longest column title or number is far shorter.
MAX_CELL = 200

# Text, or a number if the file's format marks it as one.
Cell = str | Decimal
Table = list[list[Cell]]


UNREADABLE = _("Não conseguimos ler este arquivo como uma planilha.")


class UnreadableFile(DomainError):
    """A file that is not a table, or whose columns are unknown."""

    def __init__(
        self,
        template: str | Promise = UNREADABLE,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("invalid", template, params)


def is_empty(row: Sequence[Cell]) -> bool:
    return not any(isinstance(cell, Decimal) or cell.strip() for cell in row)
