"""Prices carry their decimal places: a Decimal has as many as its stock's prices are written with.

Quotes, board, frames, API and pages write a price as it is. Sources' prices are rounded once, when
recorded (`at_places`); the database stores up to eight places, and `trimmed` removes the zeros that
it adds.
"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
LEAST_PLACES, MOST_PLACES = 2, 8


def places_of(price: Decimal) -> int:
    """Return the places with which a price is written: at least two."""
    exponent = price.as_tuple().exponent
    return max(LEAST_PLACES, -exponent) if isinstance(exponent, int) else LEAST_PLACES


def tick_of(*prices: Decimal) -> Decimal:
    """Return the smallest step that these prices can express."""
    return Decimal(1).scaleb(-max(map(places_of, prices), default=LEAST_PLACES))


def at_places(price: Decimal, places: int) -> Decimal:
    """Return a price rounded to a stock's places; NaN and infinities stay."""
    return price.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) if price.is_finite() else price


def written(price: Decimal, places: int) -> Decimal:
    """Return a stored price with a stock's places; more, if a split of its past left them."""
    return price if places_of(price) > places else at_places(price, places)


def trimmed(number: Decimal) -> Decimal:
    """Return a number without trailing zeros after its second place: 36.50, 0.00012345."""
    if not number.is_finite():
        return number
    short = number.quantize(CENT, ROUND_HALF_UP)
    return short if short == number else number.normalize()


def to_amount(value: Decimal) -> Decimal | int:
    """Return an amount as integer if it is whole."""
    return int(value) if value == value.to_integral_value() else value.normalize()
