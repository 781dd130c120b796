"""The area chart of the index on the home page."""

from datetime import UTC, datetime

from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.rendering import AreaChart, Point, area_chart
from mainapp.market.selectors.candles import chart_bars
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.symbols import INDEX

# The ranges of the chart, and the width of their bars: at most some 260 points.
INDEX_RANGES = {"1d": "5m", "5d": "15m", "1mo": "1d", "6mo": "1d", "1y": "1d", "5y": "1w"}


def index_chart(*, range_: str, quote: Quote | None, at: datetime) -> AreaChart:
    """Draw a range of INDEX_RANGES of the IBOV, until its newest quote. Three queries at most.

    The base is the previous close in the range of one day, and otherwise the first point.
    """
    stock = Stock.objects.filter(symbol=INDEX).first()
    if stock is None:
        return AreaChart()
    interval = INDEX_RANGES[range_]
    bars, _source = chart_bars(stock=stock, range_=range_, interval=interval, at=at)
    points = [(int(bar.starts_at.timestamp()), f"{bar.close:f}") for bar in bars]
    if quote:
        _extend(points, quote, is_of_days=interval.endswith(("d", "w")))
    base = quote.previous_close if quote and range_ == "1d" else None
    return area_chart(points, base=base, by_time=range_ == "1d")


def _extend(points: list[Point], quote: Quote, *, is_of_days: bool) -> None:
    """Add the quote as the last point; it replaces the one of its own day in a chart of days."""
    at = quote.quoted_at
    if at is None or (points and at.timestamp() < points[-1][0]):
        return
    if is_of_days and points and sao_paulo_day(at) == _day_of(points[-1]):
        points.pop()
    points.append((int(at.timestamp()), f"{quote.price:f}"))


def _day_of(point: Point) -> object:
    return sao_paulo_day(datetime.fromtimestamp(point[0], UTC))
