"""Symbols whose quotes ideas need."""

from collections.abc import Collection

from django.conf import settings
from django.db.models import Exists, OuterRef

from mainapp.ideas.conditions import LIVE
from mainapp.ideas.models import Idea
from mainapp.market.models import Stock
from mainapp.market.symbols import INDEX


def needed_symbols() -> Collection[str]:
    """Return the traded symbols of all live ideas, and the index. Cost: one query."""
    live = Idea.objects.filter(
        status__in=LIVE, quote_kind=settings.QUOTE_KIND, stock=OuterRef("pk")
    )
    stocks = Stock.objects.filter(Exists(live), is_active=True)
    symbols = set(stocks.order_by().values_list("symbol", flat=True))
    return symbols | {INDEX} if symbols else symbols
