"""The stock and the range of a request: 404 if unknown, 400 for control characters."""

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest

from mainapp.market.models import Stock
from mainapp.market.providers.base import RANGES
from mainapp.market.selectors.candles import CHART_INTERVALS
from mainapp.market.symbols import canonical


def requested_stock(text: str) -> Stock:
    """Return the stock with a code; a former code's own row, with its successor."""
    symbol = canonical(checked(text))
    stock = Stock.objects.filter(symbol=symbol).select_related("renamed_to").first()
    if stock is None:
        raise Http404
    return stock


def requested_range(request: HttpRequest) -> str:
    range_ = checked(request.GET.get("range", RANGES[0]))
    if range_ not in RANGES:
        raise Http404
    return range_


def requested_interval(request: HttpRequest, range_: str) -> str:
    """Return the requested width of a range's bars, the usual one if none is requested."""
    intervals = CHART_INTERVALS[range_]
    interval = checked(request.GET.get("interval", intervals[0]))
    if interval not in intervals:
        raise Http404
    return interval


def checked(text: str) -> str:
    if not text.isprintable():
        raise BadRequest("control characters in the query")
    return text
