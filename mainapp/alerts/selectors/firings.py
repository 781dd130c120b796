"""Firings of one alert with their deliveries, and of one stock for its chart."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, Firing
from mainapp.alerts.rendering import firing_title, limit_text
from mainapp.alerts.selectors.alerts import alerts_of
from mainapp.market.models import Stock
from mainapp.notifications.selectors.deliveries import deliveries_of

MARKS_SHOWN = 200


def firings_of(alert: Alert) -> QuerySet[Firing]:
    """Return an alert's firings, newest first, with their deliveries and attempts."""
    sent = Prefetch("notification__deliveries", deliveries_of(alert.owner))
    return alert.firings.select_related("notification").prefetch_related(sent)


def latest_firings(user: User, *, count: int) -> QuerySet[Firing]:
    """Return the newest firings of a user's alerts, each with its alert and stock. One query."""
    firings = Firing.objects.filter(alert__in=alerts_of(user)).select_related("alert__ativo")
    return firings.order_by("-quoted_at", "-pk")[:count]


def marks_of(user: User, stock: Stock) -> dict[str, Any]:
    """Return the marks of a user's alerts on the chart of a stock. Cost: two queries.

    `limits` holds the limits of active alerts (`price`, or `pct` of the previous close, and the
    key of the alert), `firings` those of all alerts in epoch seconds, oldest first.
    """
    alerts = alerts_of(user).filter(ativo=stock)
    active = alerts.filter(status=Alert.Status.ACTIVE).order_by("pk")
    newest = Firing.objects.filter(alert__in=alerts).order_by("-quoted_at", "-pk")[:MARKS_SHOWN]
    return {
        "limits": [
            {"alert": alert.pk} | mark
            for alert in active
            for mark in limit_marks(alert, stock.symbol)
        ],
        "firings": [_firing_mark(firing, stock.symbol) for firing in reversed(newest)],
    }


def limit_marks(alert: Alert, symbol: str) -> Iterable[dict[str, str]]:
    """Yield the marks of an alert's limits; a fall of the day has a negative `pct`."""
    for kind, limit in alert.limits().items():
        sign = "-" if kind == "change_down_pct" else ""
        yield {
            "kind": kind,
            "pct" if kind.endswith("pct") else "price": f"{sign}{limit:f}",
            "text": limit_text(kind, limit, symbol=symbol),
        }


def _firing_mark(firing: Firing, symbol: str) -> dict[str, Any]:
    return {
        "time": int(firing.quoted_at.timestamp()),
        "kind": firing.kind,
        "price": f"{firing.price:f}",
        "text": firing_title(
            firing.kind, symbol=symbol, price=firing.price, change_pct=firing.change_pct
        ),
    }
