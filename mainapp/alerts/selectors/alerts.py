"""A user's alerts for the alerts page, each with its quote and distances."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, Condition
from mainapp.alerts.rendering import distance_text, limit_text
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes

ShownStatus = Literal["active", "paused", "triggered", "expired"]
STATUSES: dict[ShownStatus, object] = {
    "active": _("Ativos"),
    "paused": _("Pausados"),
    "triggered": _("Disparados"),
    "expired": _("Expirados"),
}
STATUS_NAMES: dict[ShownStatus, object] = {
    "active": pgettext_lazy("alert", "ativo"),
    "paused": _("pausado"),
    "triggered": _("disparado"),
    "expired": _("expirado"),
}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit of an alert, with the stock's newest quote."""

    condition: Condition
    symbol: str
    limit: Decimal
    quote: Quote | None

    @property
    def kind(self) -> str:
        return self.condition.kind

    @property
    def text(self) -> str:
        return limit_text(self.kind, self.limit, symbol=self.symbol)

    @property
    def distance(self) -> str:
        return distance_text(self.kind, self.limit, self.quote)

    @property
    def is_waiting_beyond(self) -> bool:
        """Whether the alert was created beyond this limit and waits for the next crossing."""
        return self.condition.phase == Condition.Phase.BEYOND

    @property
    def is_holding(self) -> bool:
        return self.condition.phase == Condition.Phase.HOLDING


@dataclass(frozen=True, slots=True)
class AlertRow:
    alert: Alert
    quote: Quote | None
    status: ShownStatus

    @property
    def status_name(self) -> object:
        return STATUS_NAMES[self.status]

    @property
    def limits(self) -> list[LimitRow]:
        symbol = self.alert.ativo.symbol
        conditions = {condition.kind: condition for condition in self.alert.conditions.all()}
        return [
            LimitRow(conditions[kind], symbol, limit, self.quote)
            for kind, limit in self.alert.limits().items()
            if kind in conditions
        ]


def alerts_of(user: User) -> QuerySet[Alert]:
    """Return a user's alerts: the simulated or the real ones, as the instance is."""
    return Alert.objects.filter(owner=user, simulated=settings.SIMULATED)


def own_alerts(user: User) -> QuerySet[Alert]:
    """Return the same alerts, each with its stock."""
    return alerts_of(user).select_related("ativo")


def status_filter(at: datetime) -> Mapping[ShownStatus, Q]:
    """Return the filter of each shown status; active alerts past `expires_at` are expired."""
    status = Alert.Status
    return {
        "active": Q(status=status.ACTIVE, expires_at__gte=at),
        "paused": Q(status=status.PAUSED),
        "triggered": Q(status=status.TRIGGERED),
        "expired": Q(status=status.ACTIVE, expires_at__lt=at),
    }


def status_counts(user: User, *, at: datetime) -> dict[str, int]:
    """Return the number of a user's alerts in each shown status. Cost: one query."""
    counts = {name: Count("pk", filter=where) for name, where in status_filter(at).items()}
    return alerts_of(user).aggregate(**counts)


def alert_rows(
    user: User, *, status: ShownStatus | None, at: datetime, first: int, size: int
) -> list[AlertRow]:
    """Return a page of a user's alerts, by symbol. Cost: three queries for any number."""
    rows = alerts_of(user).filter(status_filter(at)[status] if status else Q())
    rows = rows.select_related("ativo").prefetch_related("conditions")
    alerts = list(rows.order_by("ativo__symbol", "pk")[first : first + size])
    quotes = last_quotes({alert.ativo.symbol for alert in alerts}) if alerts else {}
    return [row_of(alert, quotes.get(alert.ativo.symbol), at=at) for alert in alerts]


def alerts_on(user: User, stock: Stock, quote: Quote | None, *, at: datetime) -> list[AlertRow]:
    """Return a user's alerts on one stock, the active ones first. Two queries."""
    rows = alerts_of(user).filter(ativo=stock).select_related("ativo").order_by("pk")
    alerts = [row_of(alert, quote, at=at) for alert in rows.prefetch_related("conditions")]
    return sorted(alerts, key=lambda row: row.status != "active")


def row_of(alert: Alert, quote: Quote | None, *, at: datetime) -> AlertRow:
    status: ShownStatus = "expired" if alert.is_expired(at) else alert.status  # type: ignore[assignment] # of Status
    return AlertRow(alert, quote, status)


def is_waiting_beyond(alert: Alert) -> bool:
    """Return whether the alert was created beyond a limit and waits for the next crossing."""
    return Condition.objects.filter(alert=alert, phase=Condition.Phase.BEYOND).exists()
