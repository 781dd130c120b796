"""A list of events with entries between them, read one page at a time."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

# The orders in which entries have places among the events; in others they come last.
ORDERS = ("starts_at", "created_at", "price")


class WithEntries:
    """The rows of a queryset and entries, in the queryset's order, for a paginator.

    A slice reads as many rows more as there are entries, because any of them may come before it.
    """

    def __init__(self, rows: QuerySet[Any], entries: Sequence[Any], *, order: str) -> None:
        self._rows = rows
        self._is_mixed = order.lstrip("-") in ORDERS
        self._name, self._is_reversed = order.lstrip("-"), order.startswith("-")
        self._entries = self._sorted(list(entries)) if self._is_mixed else list(entries)

    def count(self) -> int:
        return self._rows.count() + len(self._entries)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Any]:
        first, last = part.start or 0, part.stop
        if not self._is_mixed:
            return self._after_all_rows(first, last)
        skipped = max(0, first - len(self._entries))
        # Entries first, because of equal events the sorting keeps the order.
        mixed = self._sorted([*self._entries, *self._rows[skipped:last]])
        return mixed[first - skipped : last - skipped]

    def _after_all_rows(self, first: int, last: int) -> list[Any]:
        rows = list(self._rows[first:last])
        if len(rows) == last - first:
            return rows
        start = max(0, first - self._rows.count())
        return [*rows, *self._entries[start : start + last - first - len(rows)]]

    def _sorted(self, items: list[Any]) -> list[Any]:
        return sorted(items, key=self._key, reverse=self._is_reversed)

    def _key(self, item: Any) -> Any:
        return getattr(item, self._name)
