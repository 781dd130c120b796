"""Symbols whose quotes alerts need."""

from collections.abc import Collection

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mainapp.alerts.models import Condition
from mainapp.market.models import Stock


def needed_symbols() -> Collection[str]:
    """Return the traded symbols of all live alerts of active users. Cost: one query.

    It checks each stock for one alert, because selecting the distinct stocks of a million alerts
    would take a second per batch.
    """
    live = Condition.objects.filter(
        is_live=True,
        quote_kind=settings.QUOTE_KIND,
        expires_at__gt=timezone.now(),
        alert__owner__is_active=True,
        stock=OuterRef("pk"),
    )
    stocks = Stock.objects.filter(Exists(live), is_active=True)
    return set(stocks.order_by().values_list("symbol", flat=True))
