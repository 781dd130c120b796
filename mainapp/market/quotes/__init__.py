"""Quotes and candles: definition, parsing, checks, and doubtful prices."""

from mainapp.market.quotes.checks import (
    CLOCK_SKEW,
    FRESH,
    Rejection,
    is_fresh,
    is_of_future,
    is_out_of_range,
    latest_quoted_at,
    rejection,
    stamped,
)
from mainapp.market.quotes.newest import NewestTimes
from mainapp.market.quotes.parsing import finite, to_count, to_money
from mainapp.market.quotes.quote import (
    CENT,
    COUNT,
    CURRENCY,
    MAX_PRICE,
    MONEY,
    TIME,
    Bar,
    Quote,
    QuoteField,
    column_fields,
    iso,
    stored_fields,
    wire_fields,
)

__all__ = [
    "CENT",
    "CLOCK_SKEW",
    "COUNT",
    "CURRENCY",
    "FRESH",
    "MAX_PRICE",
    "MONEY",
    "TIME",
    "Bar",
    "NewestTimes",
    "Quote",
    "QuoteField",
    "Rejection",
    "column_fields",
    "finite",
    "is_fresh",
    "is_of_future",
    "is_out_of_range",
    "iso",
    "latest_quoted_at",
    "rejection",
    "stamped",
    "stored_fields",
    "to_count",
    "to_money",
    "wire_fields",
]
