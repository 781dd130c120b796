"""Creation and update of many rows in as few queries as possible."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)
Key = TypeVar("Key")


def write_rows(
    model: type[Row], existing: dict[Key, Row], wanted: Mapping[Key, dict[str, Any]]
) -> tuple[int, int]:
    """Create the missing rows of `wanted` and update those that differ; return both counts.

    `existing` maps keys to rows; the new rows are added to it. Two queries at most for 500 rows.
    """
    new = {key: model(**values) for key, values in wanted.items() if key not in existing}
    model._default_manager.bulk_create(new.values())
    changed = {
        key: fields
        for key, values in wanted.items()
        if key in existing and (fields := _assign(existing[key], values))
    }
    if changed:
        names = sorted(set[str]().union(*changed.values()))
        model._default_manager.bulk_update([existing[key] for key in changed], names)
    existing |= new
    return len(new), len(changed)


def _assign(row: Model, values: Mapping[str, Any]) -> Collection[str]:
    """Set the values that differ, and return their names."""
    differing = {name for name, value in values.items() if getattr(row, name) != value}
    for name in differing:
        setattr(row, name, values[name])
    return differing
