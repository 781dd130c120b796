"""Parsing of Retry-After headers."""

from datetime import UTC, datetime

import pytest

from mainapp.core.http.client import parse_retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-3", 0),
        ("99999999", 86_400),
        ("nan", None),
        ("1e400", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Wed, 11 Mar 2026 12:00:30 GMT", 30),
        ("Wed, 11 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_is_parsed(header, seconds):
    assert parse_retry_after(header, at=datetime(2026, 3, 11, 12, tzinfo=UTC)) == seconds
