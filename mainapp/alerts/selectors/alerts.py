"""A person's alerts as their page shows them: each with quote and distances."""

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
    """One limit of an alert beside the newest quote."""

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
    def waits_beyond(self) -> bool:
        """That it was made beyond its limit and waits for the next crossing."""
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
        symbol, found = self.alert.ativo.symbol, self.alert.limits()
        kept = {one.kind: one for one in self.alert.conditions.all()}
        return [
            LimitRow(kept[kind], symbol, limit, self.quote)
            for kind, limit in found.items()
            if kind in kept
        ]


def alerts_of(user: User) -> QuerySet[Alert]:
    """Return a user's alerts of the run's kind of market."""
    return Alert.objects.filter(owner=user, simulated=settings.SIMULATED)


def own_alerts(user: User) -> QuerySet[Alert]:
    """Return the same alerts, each with its stock."""
    return alerts_of(user).select_related("ativo")


def status_filter(at: datetime) -> Mapping[ShownStatus, Q]:
    """Return what tells each shown status: an active alert whose time is over has expired."""
    status = Alert.Status
    return {
        "active": Q(status=status.ACTIVE, expires_at__gte=at),
        "paused": Q(status=status.PAUSED),
        "triggered": Q(status=status.TRIGGERED),
        "expired": Q(status=status.ACTIVE, expires_at__lt=at),
    }


def status_counts(user: User, *, at: datetime) -> dict[str, int]:
    """Return how many alerts a user has in each shown status: one query."""
    counts = {name: Count("pk", filter=found) for name, found in status_filter(at).items()}
    return alerts_of(user).aggregate(**counts)


def alert_rows(
    user: User, *, status: ShownStatus | None, at: datetime, first: int, size: int
) -> list[AlertRow]:
    """Return a page of a user's alerts, by symbol: three queries, whatever their number."""
    found = alerts_of(user).filter(status_filter(at)[status] if status else Q())
    found = found.select_related("ativo").prefetch_related("conditions")
    alerts = list(found.order_by("ativo__symbol", "pk")[first : first + size])
    quotes = last_quotes({alert.ativo.symbol for alert in alerts}) if alerts else {}
    return [row_of(alert, quotes.get(alert.ativo.symbol), at=at) for alert in alerts]


def row_of(alert: Alert, quote: Quote | None, *, at: datetime) -> AlertRow:
    status: ShownStatus = "expired" if alert.is_expired(at) else alert.status  # type: ignore[assignment] # of Status
    return AlertRow(alert, quote, status)


def waits_beyond(alert: Alert) -> bool:
    """Tell whether a limit of an alert was passed when it was made, and waits to be crossed."""
    return Condition.objects.filter(alert=alert, phase=Condition.Phase.BEYOND).exists()
