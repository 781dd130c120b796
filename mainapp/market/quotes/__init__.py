"""Quotes and candles: definition, parsing, checks, and doubtful prices."""

from mainapp.core.prices import CENT
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
from mainapp.market.quotes.parsing import finite, to_coins, to_count, to_exact_money, to_money
from mainapp.market.quotes.quote import (
    COUNT,
    CURRENCY,
    MAX_PRICE,
    PRICE,
    TIME,
    Bar,
    Quote,
    QuoteField,
    amount_on_wire,
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
    "PRICE",
    "TIME",
    "Bar",
    "NewestTimes",
    "Quote",
    "QuoteField",
    "Rejection",
    "amount_on_wire",
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
    "to_coins",
    "to_count",
    "to_exact_money",
    "to_money",
    "wire_fields",
]
