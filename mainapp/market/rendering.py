"""SVG paths of prices: sparklines and area charts that need no script.

The same geometry as `sparkPaths` in static/mainapp/js/market/quotes.js. Coordinates are floats:
they are drawn, never shown as numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Point = tuple[int, str]  # epoch seconds, and a price as a decimal string
MARGIN = 2.0  # above and below, so that a line's width is not cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The `d` of a line, of the area between it and the bottom, and of a horizontal base line.

    All are empty for fewer than two points; `base` is also empty without a base price.
    """

    line: str = ""
    area: str = ""
    base: str = ""


def price_paths(
    points: Sequence[Point], *, base: Decimal | None, width: float, height: float
) -> Paths:
    """Draw prices over time, the oldest first, in a box of `width` by `height`.

    The box spans all prices and the base, and the time from the first to the last point.
    """
    if len(points) < 2:
        return Paths()
    prices = [float(price) for _, price in points]
    shown = prices if base is None else [*prices, float(base)]
    low, since = min(shown), points[0][0]
    span, duration = max(shown) - low or 1.0, points[-1][0] - since or 1

    def y(price: float) -> str:
        return f"{height - MARGIN - (price - low) / span * (height - 2 * MARGIN):.1f}"

    places = [(at - since) / duration * width for at, _ in points]
    line = "L".join(f"{x:.1f} {y(price)}" for x, price in zip(places, prices, strict=True))
    return Paths(
        line=f"M{line}",
        area=f"M{line}V{height:g}H0Z",
        base="" if base is None else f"M0 {y(float(base))}H{width:g}",
    )
