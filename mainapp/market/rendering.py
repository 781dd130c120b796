"""SVG paths of prices: sparklines and area charts that need no script.

The same geometry as `sparkPaths` in static/mainapp/js/market/quotes.js and as area-geometry.js.
Coordinates are floats: they are drawn, never shown as numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

Point = tuple[int, str]  # epoch seconds, and a price as a decimal string
MIN_SPARK_SHARE = 0.015  # of the price: the least range of a scale; a quiet day looks quiet
SPARK_POINTS = 48
SPARK_WIDTH, SPARK_HEIGHT = 96, 28
SPARK_SLOTS_S = (300, 600, 900, 1_800, 3_600)
MARGIN = 2.0  # above and below, so that a line's width is not cut off
AREA_WIDTH, AREA_HEIGHT = 1000, 300
LEVELS = 4
MOMENTS = (0.1, 0.3, 0.5, 0.7, 0.9)
TIME_STEPS_S = (900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600)
MAX_TIMES = 6
TIME_EDGE = 0.04  # of the width, where a label would be cut
UTC_OFFSET_S = 10_800  # São Paulo is three hours behind, without summer time since 2019


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The `d` attributes of a line, of the area below it, and of a horizontal base line.

    All are empty for fewer than two points; `base` is also empty without a base price.
    """

    line: str = ""
    area: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaChart:
    """An area chart in a box of AREA_WIDTH by AREA_HEIGHT.

    `levels` are round prices with their place from the top, `moments` times with their place from
    the left, in percent as CSS and SVG write them. `last_at` and `base_at` are the places of the
    last point and of the base. Without two points all are empty.
    """

    points: Sequence[Point] = ()
    base: Decimal | None = None
    by_time: bool = True
    paths: Paths = Paths()
    last_at: str = ""
    base_at: str = ""
    levels: Sequence[tuple[str, Decimal]] = ()
    moments: Sequence[tuple[str, datetime]] = ()
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def change_pct(self) -> Decimal | None:
        """The change of the last point from the base, or else from the first point."""
        if not self.points:
            return None
        base = self.base or Decimal(self.points[0][1])
        return (Decimal(self.points[-1][1]) - base) * 100 / base if base else None


@dataclass(slots=True)
class _Scale:
    """The places of prices in a height."""

    prices: Sequence[float]
    height: float
    min_span: float = 0.0
    low: float = field(init=False)
    span: float = field(init=False)

    def __post_init__(self) -> None:
        self.low = min(self.prices)
        self.span = max(self.prices) - self.low
        if self.span < self.min_span:
            self.low -= (self.min_span - self.span) / 2
            self.span = self.min_span
        self.span = self.span or 1.0

    def y(self, price: float) -> float:
        return self.height - MARGIN - (price - self.low) / self.span * (self.height - 2 * MARGIN)


def spark_paths(
    points: Sequence[Point], *, base: Decimal | None, width: float, height: float
) -> Paths:
    """Draw a day's prices, the oldest first, thinned and placed by their times.

    The box spans all prices and the base, and at least MIN_SPARK_SHARE of the price.
    """
    if len(points) < 2:
        return Paths()
    thinned, scale = _spark(points, base, height)
    return _paths(thinned, scale, width, base=base, by_time=True)


def _spark(
    points: Sequence[Point], base: Decimal | None, height: float
) -> tuple[list[Point], _Scale]:
    """Return the points of a sparkline and their scale."""
    thinned = thin(points)
    min_span = float(base or Decimal(points[-1][1])) * MIN_SPARK_SHARE
    return thinned, _scale_of(thinned, base, height, min_span=min_span)


def thin(points: Sequence[Point]) -> list[Point]:
    """Return the first point and the last one of each slot of a day, about SPARK_POINTS."""
    duration = points[-1][0] - points[0][0]
    slot = next(
        (size for size in SPARK_SLOTS_S if duration <= size * SPARK_POINTS), SPARK_SLOTS_S[-1]
    )
    last_of_slots = {at // slot: (at, price) for at, price in points[1:]}
    return [points[0], *last_of_slots.values()]


def area_chart(points: Sequence[Point], *, base: Decimal | None, by_time: bool) -> AreaChart:
    """Draw a chart with round prices at its levels; `base` is a dotted line."""
    if len(points) < 2:
        return AreaChart(points=points, base=base, by_time=by_time)
    prices = [Decimal(price) for _, price in points]
    scale = _scale_of(points, base, AREA_HEIGHT)

    def place(price: Decimal) -> str:
        return f"{scale.y(float(price)) / AREA_HEIGHT * 100:.1f}%"

    return AreaChart(
        points=points,
        base=base,
        by_time=by_time,
        paths=_paths(points, scale, AREA_WIDTH, base=base, by_time=by_time),
        last_at=place(prices[-1]),
        base_at="" if base is None else place(base),
        levels=[(place(price), price) for price in round_prices(scale.low, scale.low + scale.span)],
        moments=_moments(points, by_time),
        low=min(prices),
        high=max(prices),
    )


def round_prices(low: float, high: float) -> list[Decimal]:
    """Return about LEVELS round prices between two: multiples of 1, 2 or 5 times a power of ten."""
    bottom, top = Decimal(repr(low)), Decimal(repr(high))
    rough = (top - bottom) / LEVELS
    power = Decimal(10) ** rough.adjusted()
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    prices = [(bottom / step).to_integral_value("ROUND_CEILING") * step]
    while prices[-1] + step <= top:
        prices.append(prices[-1] + step)
    return [price for price in prices if price <= top]


def _scale_of(
    points: Sequence[Point], base: Decimal | None, height: float, *, min_span: float = 0.0
) -> _Scale:
    """Return the scale that spans all prices and the base."""
    prices = [float(price) for _, price in points]
    return _Scale(prices if base is None else [*prices, float(base)], height, min_span)


def _paths(
    points: Sequence[Point], scale: _Scale, width: float, *, base: Decimal | None, by_time: bool
) -> Paths:
    """Draw at least two points on a scale."""
    line = "L".join(
        f"{share * width:.1f} {scale.y(float(price)):.1f}"
        for share, (_, price) in zip(_shares(points, by_time), points, strict=True)
    )
    return Paths(
        line=f"M{line}",
        area=f"M{line}V{scale.height:g}H0Z",
        base="" if base is None else f"M0 {scale.y(float(base)):.1f}H{width:g}",
    )


def _shares(points: Sequence[Point], by_time: bool) -> list[float]:
    """Return the place of each point between the first, 0, and the last, 1."""
    if not by_time:
        return [n / (len(points) - 1) for n in range(len(points))]
    since, duration = points[0][0], points[-1][0] - points[0][0] or 1
    return [(at - since) / duration for at, _ in points]


def _moments(points: Sequence[Point], by_time: bool) -> list[tuple[str, datetime]]:
    """Return times with their places: round ones of a day, or those of points at fixed places."""
    if by_time:
        first, last = points[0][0], points[-1][0]
        span = last - first or 1
        places = [((at - first) / span, at) for at in round_times(first, last)]
    else:
        places = [(share, points[round(share * (len(points) - 1))][0]) for share in MOMENTS]
    return [(f"{share * 100:.1f}%", datetime.fromtimestamp(at, UTC)) for share, at in places]


def round_times(first: int, last: int) -> list[int]:
    """Return the round times of São Paulo between two, at most MAX_TIMES, none close to an end."""
    span = last - first
    step = next((step for step in TIME_STEPS_S if span / step <= MAX_TIMES), TIME_STEPS_S[-1])
    edge = span * TIME_EDGE
    start = -((UTC_OFFSET_S - first - edge) // step) * step + UTC_OFFSET_S
    return [at for at in range(int(start), last + 1, step) if at <= last - edge]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChart:
    """A sparkline with horizontal levels.

    `levels` has the y of each level, and the edge of the scale beyond which it lies: `above`,
    `below`, or empty within. A level beyond an edge has no y: it would press the prices into a flat
    line.
    """

    paths: Paths
    levels: Sequence[tuple[str, str]]


def level_chart(
    points: Sequence[Point],
    levels: Sequence[Decimal],
    *,
    base: Decimal | None,
) -> LevelChart:
    """Draw the sparkline of a day, and levels on its scale; nothing for fewer than two points."""
    if len(points) < 2:
        return LevelChart(paths=Paths(), levels=[("", "")] * len(levels))
    thinned, scale = _spark(points, base, SPARK_HEIGHT)
    return LevelChart(
        paths=_paths(thinned, scale, SPARK_WIDTH, base=base, by_time=True),
        levels=[_level(float(level), scale) for level in levels],
    )


def whole_level_chart(
    points: Sequence[Point], levels: Sequence[Decimal], *, base: Decimal | None
) -> LevelChart:
    """Draw prices in a box of AREA_WIDTH by AREA_HEIGHT that spans the levels as well.

    The levels have their places from the top in percent. Nothing for fewer than two points.
    """
    if len(points) < 2:
        return LevelChart(paths=Paths(), levels=[("", "")] * len(levels))
    wanted = [float(price) for _, price in points] + [float(level) for level in levels]
    scale = _Scale(wanted if base is None else [*wanted, float(base)], AREA_HEIGHT)
    return LevelChart(
        paths=_paths(points, scale, AREA_WIDTH, base=base, by_time=True),
        levels=[(f"{scale.y(float(level)) / AREA_HEIGHT * 100:.1f}%", "") for level in levels],
    )


def _level(price: float, scale: _Scale) -> tuple[str, str]:
    if price < scale.low:
        return "", "below"
    if price > scale.low + scale.span:
        return "", "above"
    return f"{scale.y(price):.1f}", ""
