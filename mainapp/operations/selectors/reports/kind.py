"""Kinds of reports: their base class and their registry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError

SAO_PAULO_TIME = gettext_lazy("horário de São Paulo")


@dataclass(frozen=True, slots=True)
class Column:
    """A column; headings of times name the time zone."""

    label: str | Promise
    is_time: bool = False

    @property
    def heading(self) -> str:
        return f"{self.label} ({SAO_PAULO_TIME})" if self.is_time else str(self.label)


@dataclass(frozen=True, slots=True)
class Option:
    """A kind's parameters, with their label in the active language."""

    params: dict[str, Any]
    label: str


class Kind:
    """A kind of report. A new kind is one file with a subclass, registered in `KINDS`.

    `rows` is a `values_list` whose first value is the primary key, by which the work is paged and
    resumed. `cells` returns the cells of one row: text, int, Decimal, date, datetime or None.
    """

    name: ClassVar[str]
    label: ClassVar[str | Promise]
    columns: ClassVar[Sequence[Column]]

    def is_offered(self, user: User) -> bool:
        """Return whether a user may request this kind with any parameters; at most one query."""
        return True

    def options(self, user: User) -> list[Option]:
        """Return the parameters that the page offers to a user; at most one query."""
        return [Option({}, str(self.label))] if self.is_offered(user) else []

    def title(self, params: Mapping[str, Any]) -> str:
        """Return a report's name in the active language."""
        return str(self.label)

    def is_allowed(self, user: User, params: Mapping[str, Any]) -> bool:
        """Return whether a user may see the file now; at most one query."""
        return self.is_offered(user)

    def clean(self, user: User, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request's cleaned parameters. Raises: DomainError with the invalid fields."""
        refuse_unknown(params, known=())
        return {}

    def rows(self, user: User, params: Mapping[str, Any]) -> "QuerySet[Any, tuple[Any, ...]]":
        """Return the rows that a user may see now, in any order."""
        raise NotImplementedError

    def cells(self, row: tuple[Any, ...]) -> Sequence[Any]:
        return row[1:]


class InvalidParams(DomainError):
    """Invalid parameters of a report; `errors` maps their names to messages."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        fields = {f"params.{name}": [error] for name, error in errors.items()}
        super().__init__("invalid", _("Confira os campos."), fields=fields)


def refuse_unknown(params: Mapping[str, Any], *, known: Sequence[str]) -> None:
    """Raises: InvalidParams."""
    unknown = [str(name)[:100] for name in params if name not in known][:20]
    if unknown:
        raise InvalidParams({name: gettext("Este campo não existe aqui.") for name in unknown})


def choice_text(choices: Mapping[str, Any], value: str) -> str:
    """Return the label of a stored choice in the active language."""
    return str(choices.get(value, value))
