"""The alerts nearest to firing, for the home page."""

from datetime import datetime
from decimal import Decimal

from django.db.models import prefetch_related_objects

from mainapp.accounts.models import User
from mainapp.alerts.selectors.alerts import (
    AlertRow,
    LimitRow,
    own_alerts,
    shown_status,
    status_filter,
)
from mainapp.market.selectors.quotes import last_quotes

UNKNOWN = Decimal("Infinity")


def nearest_limits(user: User, *, at: datetime, size: int) -> list[LimitRow]:
    """Return the nearest limit of each active alert, the nearest first. Three queries at most.

    Limits that the price has already passed, and that wait for it to come back, are skipped.
    """
    alerts = list(own_alerts(user).filter(status_filter(at)["active"]).order_by("ativo__symbol"))
    prefetch_related_objects(alerts, "conditions")
    quotes = last_quotes({alert.ativo.symbol for alert in alerts}) if alerts else {}
    rows = [
        AlertRow(alert, quotes.get(alert.ativo.symbol), shown_status(alert, at=at))
        for alert in alerts
    ]
    nearest = [
        min(limits, key=_gap)
        for row in rows
        if (limits := [limit for limit in row.limits if not limit.is_waiting_beyond])
    ]
    return sorted(nearest, key=_gap)[:size]


def _gap(limit: LimitRow) -> Decimal:
    # Not by `done`, which is 0 for every limit that is far.
    return UNKNOWN if limit.gap_pct is None else limit.gap_pct
