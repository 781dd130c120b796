"""SVG paths of prices: sparklines and area charts that need no script.

The same geometry as `sparkPaths` in static/mainapp/js/market/quotes.js. Coordinates are floats:
they are drawn, never shown as numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChart:
    """Prices with horizontal levels: the paths, the y of each level, and the scale's two ends.

    A level far from the prices is drawn at the edge, where `outside` says so; otherwise it would
    press the prices into a flat line.
    """

    paths: Paths
    levels: Sequence[str]
    outside: Sequence[bool]
    low: str
    high: str


ROOM = 1.5  # a level is on the scale within so many times the height of the prices
MIN_ROOM = 0.02  # or within this share of the price


def level_chart(
    points: Sequence[Point], levels: Sequence[Decimal], *, width: float, height: float
) -> LevelChart | None:
    """Draw prices and levels on one scale; None for fewer than two points."""
    if len(points) < 2:
        return None
    prices = [float(price) for _, price in points]
    low, high = min(prices), max(prices)
    room = max((high - low) * ROOM, high * MIN_ROOM)
    marks = [min(max(float(level), low - room), high + room) for level in levels]
    outside = [mark != float(level) for mark, level in zip(marks, levels, strict=True)]
    shown = [mark for mark, is_outside in zip(marks, outside, strict=True) if not is_outside]
    low, high = min([*prices, *shown]), max([*prices, *shown])
    scale = _Scale(low, high, height)
    return LevelChart(
        paths=_paths(points, prices, scale, width),
        levels=[scale.y(min(max(mark, low), high)) for mark in marks],
        outside=outside,
        low=f"{low:g}",
        high=f"{high:g}",
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    height: float

    def y(self, price: float) -> str:
        span = self.high - self.low or 1.0
        drawn = (price - self.low) / span * (self.height - 2 * MARGIN)
        return f"{self.height - MARGIN - drawn:.1f}"


def _paths(points: Sequence[Point], prices: list[float], scale: _Scale, width: float) -> Paths:
    since = points[0][0]
    duration = points[-1][0] - since or 1
    places = [(at - since) / duration * width for at, _ in points]
    line = "L".join(f"{x:.1f} {scale.y(price)}" for x, price in zip(places, prices, strict=True))
    return Paths(line=f"M{line}", area=f"M{line}V{scale.height:g}H0Z")


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
    scale = _Scale(min(shown), max(shown), height)
    paths = _paths(points, prices, scale, width)
    return replace(paths, base="" if base is None else f"M0 {scale.y(float(base))}H{width:g}")
