"""Symbols whose quotes ideas need."""

from collections.abc import Collection

from django.conf import settings

from mainapp.ideas.conditions import LIVE
from mainapp.ideas.models import Idea
from mainapp.market.symbols import INDEX


def needed_symbols() -> Collection[str]:
    """Return the traded symbols of all live ideas, and the index. Cost: one query."""
    live = Idea.objects.filter(
        status__in=LIVE, quote_kind=settings.QUOTE_KIND, stock__is_active=True
    )
    symbols = set(live.order_by().values_list("stock__symbol", flat=True).distinct())
    return symbols | {INDEX} if symbols else symbols
