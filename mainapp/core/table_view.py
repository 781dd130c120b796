"""Tables whose columns, density and order each reader chooses; a cookie keeps the choices."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

YEAR_S = 365 * 86400
DENSITIES = {"comfortable": gettext_lazy("Confortável"), "compact": gettext_lazy("Compacta")}

Label = str | Promise
Row = TypeVar("Row")


def in_order(rows: Iterable[Row], key: Callable[[Row], Any], *, is_ascending: bool) -> list[Row]:
    """Return rows in the order of a key, those without a value last in both directions."""
    values = [(key(row), row) for row in rows]
    known = [(value, row) for value, row in values if value is not None]
    known.sort(key=lambda pair: pair[0], reverse=not is_ascending)
    return [row for _value, row in known] + [row for value, row in values if value is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The columns of a table, in their order.

    `fixed` columns are always shown; `ascending_first` ones have their smallest value on top after
    the first click on the header. `headers` are shorter words for the header of a column. A preset
    is a name and its columns. `cookie` is the setting with the cookie's name.
    """

    cookie: str
    columns: Mapping[str, Label]
    fixed: tuple[str, ...]
    shown_first: tuple[str, ...]
    unsortable: tuple[str, ...] = ()
    ascending_first: tuple[str, ...] = ("symbol", "age")
    texts: tuple[str, ...] = ()
    headers: Mapping[str, Label] = field(default_factory=dict)
    presets: Mapping[str, tuple[Label, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def optional(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name not in self.fixed)

    def is_order(self, sort: str) -> bool:
        """Return whether `sort` is an order of this table; "" is that of the rows themselves."""
        column = sort.removeprefix("-")
        return not sort or (column in self.columns and column not in self.unsortable)

    def read(self, data: QueryDict) -> "TableView | None":
        """Return the choices in a form or cookie; None if one of them is unknown.

        `preset` and `sort_by` are buttons that override the other fields.
        """
        preset = data.get("preset", "")
        columns = self.presets[preset][1] if preset in self.presets else data.getlist("columns")
        density = data.get("density") or "comfortable"
        sort = data.get("sort_by", data.get("sort", ""))
        is_known = preset in ("", *self.presets) and density in DENSITIES
        if not (is_known and set(columns) <= set(self.optional) and self.is_order(sort)):
            return None
        shown = tuple(name for name in self.optional if name in columns)
        return TableView(table=self, columns=shown, density=density, sort=sort)

    def view_of(self, request: HttpRequest) -> "TableView":
        """Return the reader's choices, or those of a new reader."""
        try:
            data = QueryDict(request.COOKIES.get(getattr(settings, self.cookie), ""))
        except TooManyFieldsSent:  # not a cookie of ours: the page would fail until it expires
            data = QueryDict()
        view = self.read(data) if "density" in data else None
        return view or TableView(table=self, columns=self.shown_first)

    def save(self, request: HttpRequest, response: HttpResponse) -> None:
        """Save the choices of a submitted form in this browser, unless one of them is unknown."""
        if view := self.read(request.POST):
            response.set_cookie(
                getattr(settings, self.cookie),
                view.to_text(),
                max_age=YEAR_S,
                secure=settings.HTTPS,
                httponly=True,
                samesite="Lax",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A reader's choices for a table. `sort` is a column, with `-` for descending."""

    table: Table
    columns: tuple[str, ...]
    density: str = "comfortable"
    sort: str = ""

    @property
    def preset(self) -> str:
        """The name of the preset with exactly these columns, or ""."""
        presets = self.table.presets.items()
        return next((name for name, (_label, own) in presets if own == self.columns), "")

    @property
    def sorted_by(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_ascending(self) -> bool:
        return not self.sort.startswith("-")

    def next_sort(self, column: str) -> str:
        """Return the order after a click on a column: its usual one, the other, the rows' own."""
        is_usual = column in self.table.ascending_first
        usual, other = (column, f"-{column}") if is_usual else (f"-{column}", column)
        return {usual: other, other: ""}.get(self.sort, usual)

    def to_text(self) -> str:
        """Return the choices for a cookie; the inverse of `Table.read`."""
        query = QueryDict(mutable=True)
        query.setlist("columns", self.columns)
        query.update({"density": self.density, "sort": self.sort})
        return query.urlencode()

    def context(self) -> dict[str, Any]:
        """Return the context of `mainapp/core/_table_head.html` and `_table_view.html`."""
        table = self.table
        return {
            "view": self,
            "columns": [self._column(name, label) for name, label in table.columns.items()],
            "hidden": [name for name in table.optional if name not in self.columns],
            "presets": [
                {"name": name, "label": label, "columns": own, "is_chosen": name == self.preset}
                for name, (label, own) in table.presets.items()
            ],
            "densities": DENSITIES.items() if table.presets else (),
            "sort_choices": list(self._sort_choices()),
        }

    def _column(self, name: str, label: Label) -> dict[str, Any]:
        table = self.table
        direction = "ascending" if self.is_ascending else "descending"
        return {
            "name": name,
            "label": label,
            "header": table.headers.get(name, label),
            "is_number": name not in table.texts,
            "is_optional": name not in table.fixed,
            "is_shown": name in self.columns,
            "aria_sort": direction if self.sorted_by == name else "",
            "next_sort": None if name in table.unsortable else self.next_sort(name),
        }

    def _sort_choices(self) -> Iterator[tuple[str, str]]:
        for name, label in self.table.columns.items():
            if name == "symbol":
                yield name, _("%(column)s, de A a Z") % {"column": label}
            elif name not in self.table.unsortable:
                yield f"-{name}", _("%(column)s, do maior ao menor") % {"column": label}
                yield name, _("%(column)s, do menor ao maior") % {"column": label}
