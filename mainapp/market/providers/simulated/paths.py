"""Simulated price paths: a year of days, a day of hours, an hour of minutes, a minute of seconds.

Each level is drawn inside the one above: the parts of a candle have together exactly its open,
high, low and close. Therefore the price at any second costs a few hundred draws in any process, and
past candles never change. Prices are logarithms relative to the stock's base price.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate
from math import cos, exp, pi
from operator import add
from typing import Any

from mainapp.market.providers.simulated.draws import (
    clusters,
    correlated,
    exponentials,
    market_normals,
    normals,
    octets,
)
from mainapp.market.providers.simulated.stocks import SimulatedStock

DRIFT_A_YEAR = 0.05
LEVEL_SPREAD = 0.15
BASE_YEAR = 2026
GAP_SIZE = 0.3
TAIL_SIZE = 0.45
LONGEST_TAIL = 0.3
U_SHAPE = 0.6
DAYS_A_YEAR = 366  # of a leap year; other years leave the last factor unused


@dataclass(frozen=True, slots=True)
class Market:
    """The configured market. With `speed` n, one second has the movement of n seconds."""

    seed: int
    speed: float = 1.0
    volatility: float = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """A candle, in logarithms."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class Year:
    """The daily candles of a year from the first of January, in logarithms."""

    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]

    def day(self, day: date) -> Span:
        i = day.timetuple().tm_yday - 1
        return Span(self.opens[i], self.highs[i], self.lows[i], self.closes[i])


@lru_cache(maxsize=16)
def year_of(market: Market, stock: SimulatedStock, year: int) -> Year:
    """Return the daily candles of a year."""
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    key = f"{market.seed}:{stock.symbol}:{year}"
    shared = f"{market.seed}:{year}"
    size = stock.volatility * market.volatility
    sizes = [size * factor for factor in clusters(shared, DAYS_A_YEAR)][:days]
    own = normals(f"{key}:days", days)
    steps = correlated(market_normals(shared, days), own, stock.correlation, sizes)
    path = _bridge(_level(market, stock, year), steps, _level(market, stock, year + 1))
    opens = _plus(path[:-1], GAP_SIZE, sizes, normals(f"{key}:gaps", days))
    closes = path[1:]
    reach = min(TAIL_SIZE * market.speed**0.5, LONGEST_TAIL / max(*sizes, 1e-9))
    peaks = exponentials(f"{key}:peaks", days)
    troughs = exponentials(f"{key}:troughs", days)
    tick = _tick(market, stock, min(opens))
    return Year(
        opens=opens,
        highs=[x + tick for x in _plus(map(max, opens, closes), reach, sizes, peaks)],
        lows=[x - tick for x in _plus(map(min, opens, closes), -reach, sizes, troughs)],
        closes=closes,
    )


def span_of(market: Market, stock: SimulatedStock, day: date) -> Span:
    """Return the candle of a whole day."""
    return year_of(market, stock, day.year).day(day)


def hours_of(market: Market, stock: SimulatedStock, day: date, span: Span) -> list[Span]:
    """Return the 24 candles of a day."""
    sizes = _hour_sizes(market, stock, day)
    key = f"{market.seed}:{day}"
    return _split(span, key, stock, sizes, spare=_tick(market, stock, span.open))


def minutes_of(
    market: Market, stock: SimulatedStock, day: date, hour: int, span: Span
) -> list[Span]:
    """Return the 60 candles of an hour."""
    key = f"{market.seed}:{day}:{hour}"
    hour_size = _hour_sizes(market, stock, day)[hour] / 60**0.5
    sizes = [hour_size * x for x in clusters(key, 60)]
    return _split(span, key, stock, sizes, spare=_tick(market, stock, span.open))


def seconds_of(market: Market, stock: SimulatedStock, starts_at: datetime, span: Span) -> list[int]:
    """Return the price in cents at each second of a minute that starts at a São Paulo time."""
    key = f"{market.seed}:{stock.symbol}:{starts_at:%Y-%m-%dT%H:%M}:seconds"
    first, high, low, last = (cents(stock, x) for x in (span.open, span.high, span.low, span.close))
    scale = stock.volatility * market.volatility * (market.speed / 86_400) ** 0.5 * first
    walk = _bridge(first, [scale * z for z in normals(key, 59)], last)
    path = _stretch(walk, Span(first, high, low, last))
    bounces = octets(f"{key}:bounces", 60)
    reach = 1 if first < 1000 else 2
    prices = [
        _bounced(round(price), bounce % (2 * reach + 1) - reach, high, low)
        for price, bounce in zip(path, bounces, strict=True)
    ]
    prices[0], prices[-1] = first, last
    _reach(prices, high, low)
    return prices


def _bounced(price: int, bounce: int, high: int, low: int) -> int:
    """Return the price after a bid-ask bounce, inside the range of the minute."""
    bounced = price + bounce
    return max(low, min(high, bounced if low <= bounced <= high else price - bounce))


def cents(stock: SimulatedStock, logarithm: float) -> int:
    return max(1, round(stock.base_cents * exp(logarithm)))


def traded_shares(market: Market, stock: SimulatedStock, day: date) -> list[int]:
    """Return the shares traded since midnight at the start of each hour and at the day's end.

    Volume is U-shaped: high at both ends of the day, low in the middle.
    """
    key = f"{market.seed}:{stock.symbol}:{day}"
    total = (
        stock.shares
        * clusters(f"{market.seed}:{day.year}", DAYS_A_YEAR)[day.timetuple().tm_yday - 1]
    )
    noise = exponentials(f"{key}:hours-volume", 24)
    return _cumulated([u * (2.5 + x) for u, x in zip(_u_shape(24), noise, strict=True)], total)


def traded_minutes(
    market: Market, stock: SimulatedStock, day: date, hour: int, by_hour: Sequence[int]
) -> list[int]:
    """Return the shares traded since midnight at the start of each minute and at the hour's end."""
    key = f"{market.seed}:{stock.symbol}:{day}:{hour}"
    start, end = by_hour[hour], by_hour[hour + 1]
    weights = [0.3 + x for x in exponentials(f"{key}:volume", 60)]
    return [*(start + shares for shares in _cumulated(weights, end - start)[:-1]), end]


def _plus(
    values: Iterable[float], factor: float, sizes: Iterable[float], draws: Iterable[float]
) -> list[float]:
    return list(map(add, values, [factor * x * y for x, y in zip(sizes, draws, strict=True)]))


def _cumulated(weights: Sequence[float], total: float) -> list[int]:
    part = total / sum(weights)
    return [int(part * weight) for weight in accumulate(weights, initial=0.0)]


def _level(market: Market, stock: SimulatedStock, year: int) -> float:
    """Return the price at the start of a year: always near the base, so that it stays plausible."""
    shared = f"{market.seed}:{year}:level"
    steps = correlated(
        market_normals(shared, 1),
        normals(f"{shared}:{stock.symbol}", 1),
        stock.correlation,
        [LEVEL_SPREAD * min(market.volatility, 3.0)],
    )
    return DRIFT_A_YEAR * (year - BASE_YEAR) + steps[0]


@lru_cache(maxsize=8)
def _u_shape(count: int) -> tuple[float, ...]:
    return tuple(1 + U_SHAPE * cos(2 * pi * (i + 0.5) / count) for i in range(count))


def _hour_sizes(market: Market, stock: SimulatedStock, day: date) -> list[float]:
    """Return the step size of each hour: clustered, and larger at both ends of the day."""
    factors = clusters(f"{market.seed}:{day}", 24)
    size = stock.volatility * market.volatility * _day_factor(market, day)
    size *= (market.speed / 24) ** 0.5
    return [size * factor * u for factor, u in zip(factors, _u_shape(24), strict=True)]


def _day_factor(market: Market, day: date) -> float:
    return clusters(f"{market.seed}:{day.year}", DAYS_A_YEAR)[day.timetuple().tm_yday - 1]


def _tick(market: Market, stock: SimulatedStock, level: float) -> float:
    """Return the minimum length of a candle's tails: 1.5 cents, 0 without volatility.

    Without it a cheap or calm stock would not move for hours.
    """
    return 1.5 * min(market.volatility, 1.0) / (stock.base_cents * exp(level))


def _split(
    span: Span, key: str, stock: SimulatedStock, sizes: Sequence[float], spare: float
) -> list[Span]:
    """Split a span into consecutive spans; `spare` is the minimum length of their tails."""
    count = len(sizes)
    own = f"{key}:{stock.symbol}"
    shared = market_normals(key, count)
    steps = correlated(shared, normals(own, count), stock.correlation, sizes)
    path = _stretch(_bridge(span.open, steps, span.close), span)
    tails = octets(f"{own}:tails", count)
    spans = []
    for i, size in enumerate(sizes):
        start, end = path[i], path[i + 1]
        tail = size * tails[i] / 256 + spare
        high = min(span.high, max(start, end) + tail)
        low = max(span.low, min(start, end) - tail)
        spans.append(Span(start, high, low, end))
    return spans


def _bridge(start: float, steps: Sequence[float], end: float) -> list[float]:
    """Return the walk of `steps` from `start`, tilted so that it arrives at `end`."""
    walk = list(accumulate(steps, initial=start))
    tilt = (end - walk[-1]) / len(steps)
    path = [value + i * tilt for i, value in enumerate(walk)]
    path[-1] = end
    return path


def _stretch(path: list[float], span: Span) -> list[float]:
    """Return the path reflected at the edges of the span and bent to touch its high and low."""
    width = span.high - span.low
    if width > 0:
        folds = [(x - span.low) % (2 * width) for x in path]
        path = [span.low + (x if x <= width else 2 * width - x) for x in folds]
    margin = len(path) // 8
    inner = range(margin, len(path) - margin)
    peak = max(inner, key=path.__getitem__)
    _bend(path, peak, span.high)
    _bend(path, min(inner, key=path.__getitem__), span.low, fixed=peak)
    path[0], path[-1] = span.open, span.close
    _reach(path, span.high, span.low)
    return path


def _bend(path: list[float], peak: int, goal: float, fixed: int = -1) -> None:
    """Bend the third of the path on each side of index `peak`, so that it reaches the goal there.

    The point at index `fixed`, and those beyond it, do not move.
    """
    push = goal - path[peak]
    left, right = min(len(path) // 3, peak), min(len(path) // 3, len(path) - 1 - peak)
    if 0 <= fixed < peak:
        left = min(left, peak - fixed)
    elif fixed > peak:
        right = min(right, fixed - peak)
    for i in range(1, left):
        path[peak - i] += push * (1 - i / left)
    for i in range(right):
        path[peak + i] += push * (1 - i / right)


def _reach(path: list[Any], high: Any, low: Any) -> None:
    """Clip the path to `low` and `high`, and move inner points to them if no point touches them."""
    path[:] = [min(high, max(low, x)) for x in path]
    inner = path[1:-1]
    peak = 1 + inner.index(max(inner))
    if high not in path:
        path[peak] = high
    if low not in path:
        trough = 1 + inner.index(min(inner))
        path[trough if trough != peak else peak % len(inner) + 1] = low
