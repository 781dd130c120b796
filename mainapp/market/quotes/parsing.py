"""Parsing of numbers in sources' replies."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from mainapp.core.prices import CENT, MOST_PLACES, at_places, to_amount, trimmed
from mainapp.market.quotes.quote import MAX_PRICE

# A number in JSON's or English notation. 38,42 does not match: without its comma it would be 3842.
NUMBER = re.compile(
    r"[+-]?((\d+|\d{1,3}(,\d{3})+)?(\.\d+)?(e[+-]?\d+)?|s?nan|inf(inity)?)",
    re.ASCII | re.IGNORECASE,
)
LARGEST = MAX_PRICE * 1000


def to_money(value: Any) -> Decimal | None:
    """Return a number of a source's reply as Decimal, rounded to the cent; None for other values.

    NaN and infinities become NaN, so that recording rejects and counts them.
    """
    number = _to_number(value)
    return (
        number.quantize(CENT, ROUND_HALF_UP)
        if number is not None and number.is_finite()
        else number
    )


def to_exact_money(value: Any) -> Decimal | None:
    """Return a number as `to_money` does, but with up to eight decimal places."""
    number = _to_number(value)
    return None if number is None else trimmed(at_places(number, MOST_PLACES))


def _to_number(value: Any) -> Decimal | None:
    text = str(value).strip()
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return Decimal("NaN")
    # abs() would overflow for 1E9999999.
    return number if -LARGEST <= number <= LARGEST else None


def to_count(value: Any) -> int | None:
    """Return a number of a source's reply as integer, None for negative and other values."""
    number = to_money(value)
    return int(number) if number is not None and number.is_finite() and number >= 0 else None


def to_coins(value: Any) -> Decimal | int | None:
    """Return a traded amount, which may have decimals; None for negative and other values."""
    number = to_exact_money(value)
    if number is None or not number.is_finite() or number < 0:
        return None
    return to_amount(number)


def finite(value: Any) -> Any:
    """Return a column's value: None for NaN and infinities."""
    is_finite = getattr(value, "is_finite", None)
    return None if is_finite is not None and not is_finite() else value
