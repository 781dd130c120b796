"""Filters of lists that several features share."""

from typing import Any

import django_filters

MAX_DIGITS, PLACES = 24, 8


class NumberFilter(django_filters.NumberFilter):  # type: ignore[misc] # without types
    """A filter by a number with at most PLACES decimals.

    PostgreSQL fails on numbers such as 1e-999999999, which are between any bounds.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, max_digits=MAX_DIGITS, decimal_places=PLACES, **options)
