"""The columns of the tracker's table and the reader's choices, for its templates."""

from typing import Any

from django.utils.translation import gettext as _

from mainapp.market.forms import COLUMNS, DENSITIES, PRESETS, SORTABLE, TableView

TEXTS = ("symbol", "spark", "day", "year", "age")


def table_choices(view: TableView) -> dict[str, Any]:
    """Return the context of `_tracker_table.html` and `_tracker_view.html`."""
    return {
        "columns": [_column(view, name, label) for name, label in _labels().items()],
        "hidden": [name for name in COLUMNS if name not in view.columns],
        "presets": [
            {"name": name, "label": label, "columns": own, "is_chosen": name == view.preset}
            for name, (label, own) in PRESETS.items()
        ],
        "densities": DENSITIES.items(),
        "sort_choices": list(_sort_choices()),
    }


def _labels() -> dict[str, Any]:
    """Return the names of all columns, in their order."""
    first, *others = COLUMNS.items()
    return dict([("symbol", _("Ativo")), first, ("price", _("Preço")), *others])


def _column(view: TableView, name: str, label: Any) -> dict[str, Any]:
    direction = "ascending" if view.is_ascending else "descending"
    return {
        "name": name,
        "label": label,
        "is_number": name not in TEXTS,
        "is_optional": name in COLUMNS,
        "is_shown": name in view.columns,
        "aria_sort": direction if view.sorted_by == name else "",
        "next_sort": view.next_sort(name) if name in SORTABLE else None,
    }


def _sort_choices() -> Any:
    for name, label in _labels().items():
        if name == "symbol":
            yield name, _("%(column)s, de A a Z") % {"column": label}
        elif name in SORTABLE:
            yield f"-{name}", _("%(column)s, do maior ao menor") % {"column": label}
            yield name, _("%(column)s, do menor ao maior") % {"column": label}
