"""Addresses: the converter of keys, and the 404 of what does not exist or is somebody else's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import register_converter

Row = TypeVar("Row", bound=Model)

# The largest key of a row: PostgreSQL's bigint and SQLite's integer have 63 bits and a sign.
MAX_KEY = 2**63 - 1
_KEY = re.compile(r"[1-9][0-9]{0,18}")


def parse_key(text: str) -> int | None:
    """Return the key that a text names in its only spelling: no sign, zero in front or space."""
    if _KEY.fullmatch(text) and int(text) <= MAX_KEY:
        return int(text)
    return None


class KeyConverter:
    """`<key:pk>`: the key of a row, as an int.

    An address may be built for the key 0, which no row has: scripts replace it.
    """

    regex = rf"{_KEY.pattern}|0"

    def to_python(self, value: str) -> int:
        key = parse_key(value)
        if key is None:
            raise ValueError(value)
        return key

    def to_url(self, value: int | str) -> str:
        return str(value)


register_converter(KeyConverter, "key")


def get_owned_or_404(rows: QuerySet[Row], pk: int | None) -> Row:
    """Return one of the rows that a user owns, by its key.

    `rows` holds nothing but the user's own, so that somebody else's row and a row that does not
    exist are answered alike. Raises: Http404.
    """
    with missing_as_404():
        return rows.get(pk=pk)


@contextmanager
def missing_as_404() -> Iterator[None]:
    """Answer 404 where a selector of the block raises a DoesNotExist."""
    try:
        yield
    except ObjectDoesNotExist:
        raise Http404 from None
