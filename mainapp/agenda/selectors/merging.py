"""A list of events with entries between them, read one page at a time."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet, Subquery, Value

from mainapp.core.paths import parse_key

# The orders in which entries have places among the events; in others they come last.
ORDERS = ("starts_at", "created_at", "price")

MAX_PAGE = 10**6  # no list is as long


class WithEntries:
    """The rows of a queryset and entries, in the queryset's order, for a paginator.

    A slice reads as many rows more as there are entries, because any of them may come before it.
    """

    def __init__(self, rows: QuerySet[Any], entries: Sequence[Any], *, order: str) -> None:
        self._rows = rows
        self._is_mixed = order.lstrip("-") in ORDERS
        self._name, self._is_reversed = order.lstrip("-"), order.startswith("-")
        self._entries = self._sorted(list(entries)) if self._is_mixed else list(entries)
        self._total: int | None = None
        self._read_ahead: tuple[int, int, list[Any]] | None = None

    def read_page(self, number: str | None, *, size: int) -> None:
        """Read the rows of a page and the number of all rows with one query instead of two."""
        page = min(parse_key(number or "") or 1, MAX_PAGE)
        first, last = self._rows_of((page - 1) * size, page * size)
        ones = self._rows.order_by().annotate(one=Value(1)).values("one")
        total = ones.annotate(number=Count("pk")).values("number")
        rows = list(self._rows.annotate(total=Subquery(total))[first:last])
        if rows or not first:  # else the page may not exist
            self._total = rows[0].total if rows else 0
            self._read_ahead = first, last, rows

    def count(self) -> int:
        if self._total is None:
            self._total = self._rows.count()
        return self._total + len(self._entries)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Any]:
        first, last = part.start or 0, part.stop
        start, end = self._rows_of(first, last)
        rows = self._read(start, end)
        if self._is_mixed:
            # Entries first, because of equal events the sorting keeps the order.
            return self._sorted([*self._entries, *rows])[first - start : last - start]
        if len(rows) == last - first:
            return rows
        start = max(0, first - (self.count() - len(self._entries)))
        return [*rows, *self._entries[start : start + last - first - len(rows)]]

    def _rows_of(self, first: int, last: int) -> tuple[int, int]:
        """Return the rows that a slice needs."""
        return max(0, first - len(self._entries)) if self._is_mixed else first, last

    def _read(self, first: int, last: int) -> list[Any]:
        if self._read_ahead is not None:
            start, end, rows = self._read_ahead
            if first == start and last <= end:
                return rows[: last - first]
        return list(self._rows[first:last])

    def _sorted(self, items: list[Any]) -> list[Any]:
        return sorted(items, key=self._key, reverse=self._is_reversed)

    def _key(self, item: Any) -> Any:
        return getattr(item, self._name)
