"""The paginator of lists, for pages and the API."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, PageNotAnInteger, Paginator
from django.db.models import QuerySet

from mainapp.core.paths import parse_key


class ListPaginator(Paginator):  # type: ignore[type-arg] # no generics at run time
    """Django's paginator, restricted to plain page numbers: `2`, but not `02` or `+2`.

    `page(number)` raises InvalidPage for other text and for a page that does not exist;
    `get_page(number)` returns the first page for other text, and the last one beyond the end.
    """

    def validate_number(self, number: Any) -> int:
        parsed = number if type(number) is int else parse_key(str(number))
        if parsed is None or parsed < 1:
            raise PageNotAnInteger(self.error_messages["invalid_page"])
        return super().validate_number(parsed)


def page_of(rows: QuerySet[Any] | Sequence[Any], number: str | None, *, size: int) -> "Page[Any]":
    """Return the page with the number of a query string, or the nearest existing one."""
    return ListPaginator(rows, size).get_page(number)
