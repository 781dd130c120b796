"""Keys in URLs: their converter, and 404 for missing and foreign rows. Absolute links."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import register_converter

Row = TypeVar("Row", bound=Model)

# The largest key of a row: PostgreSQL's bigint and SQLite's integer have 63 bits and a sign. Both
# databases fail on a larger number in a query.
MAX_KEY = 2**63 - 1
_KEY = re.compile(r"[1-9][0-9]{0,18}")


def parse_key(text: str) -> int | None:
    """Return the key in `text`; None if it has a sign, a leading zero, a space or is too large."""
    if _KEY.fullmatch(text) and int(text) <= MAX_KEY:
        return int(text)
    return None


class KeyConverter:
    """`<key:pk>`: the key of a row, as an int.

    URLs can be reversed with the key 0, which no row has: scripts replace it.
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
    """Return the row with the key `pk` among a user's rows.

    `rows` must contain only the user's own rows: foreign and missing rows then get the same
    response. Raises: Http404.
    """
    with missing_as_404():
        return rows.get(pk=pk)


def absolute_url(path: str = "/") -> str:
    """Return the URL of a path on this site, for mails, messages and shared links.

    It begins with SITE_URL, never with a request's Host, which the client chooses.
    """
    return f"{settings.SITE_URL.rstrip('/')}/{path.lstrip('/')}"


def site_host() -> str:
    """Return the host of SITE_URL, without a port and brackets."""
    return urlsplit(settings.SITE_URL).hostname or ""


@contextmanager
def missing_as_404() -> Iterator[None]:
    """Respond with 404 if a selector in the block raises DoesNotExist."""
    try:
        yield
    except ObjectDoesNotExist:
        raise Http404 from None
