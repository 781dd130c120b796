"""Symbols whose quotes alerts need."""

from collections.abc import Collection

from django.conf import settings
from django.utils import timezone

from mainapp.alerts.models import Condition


def needed_symbols() -> Collection[str]:
    """Return the traded symbols of all live alerts of active users. Cost: one query."""
    return set(
        Condition.objects.filter(
            is_live=True,
            quote_kind=settings.QUOTE_KIND,
            expires_at__gt=timezone.now(),
            alert__owner__is_active=True,
            stock__is_active=True,
        )
        .order_by()
        .values_list("stock__symbol", flat=True)
        .distinct()
    )
