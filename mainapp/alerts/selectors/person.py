"""A user's alerts on the profile page and in the data export."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Row, Table
from mainapp.alerts.models import Alert, AlertSubscription, Firing
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.selectors.alerts import STATUSES, status_counts

CHUNK = 2000
ALERTS = (
    *("id", "ativo", "email", "compra", "venda", "change_up_pct", "change_down_pct", "periodo"),
    *("duracao", "hold_minutes", "recurrence", "rearm_pct", "cooldown_minutes"),
    *("fires_if_beyond", "note", "status", "quote_kind", "created_at", "expires_at"),
    "last_fired_at",
)
FIRINGS = (
    *("alert_id", "kind", "limit", "price", "change_pct", "quoted_at", "source", "delay_s"),
    *("quote_kind", "fired_at"),
)


def profile_context(user: User) -> dict[str, Any]:
    """Return the number of alerts of each status. Cost: one query."""
    counts = status_counts(user, at=timezone.now())
    statuses = [(name, label, counts[name]) for name, label in STATUSES.items()]
    return {"statuses": statuses, "total": sum(counts.values()), "limit": ALERT_LIMIT}


def alert_table(user: User) -> Iterable[Row]:
    names = ["ativo__symbol" if name == "ativo" else name for name in ALERTS]
    rows = Alert.objects.filter(owner=user).order_by("pk")
    return rows.values_list(*names).iterator(chunk_size=CHUNK)


def firing_table(user: User) -> Iterable[Row]:
    rows = Firing.objects.filter(alert__owner=user).order_by("pk")
    return rows.values_list(*FIRINGS).iterator(chunk_size=CHUNK)


def subscription_table(user: User) -> Iterable[Row]:
    rows = AlertSubscription.objects.filter(user=user).order_by("pk")
    columns = ("shared__alert_id", "shared__club_id", "created_at")
    return rows.values_list(*columns).iterator(chunk_size=CHUNK)


TABLES = [
    Table(name="alerts", columns=ALERTS, rows=alert_table),
    Table(
        name="club_alerts",
        columns=("alert_id", "club_id", "created_at"),
        rows=subscription_table,
    ),
    Table(name="alert_firings", columns=FIRINGS, rows=firing_table),
]
