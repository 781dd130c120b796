"""A user's alerts for the alerts page, each with its quote, its distances and its chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, Condition, Firing
from mainapp.alerts.rendering import (
    condition_text,
    distance_text,
    gap_pct,
    limit_name,
    limit_text,
    nearness,
)
from mainapp.core.templatetags.formats import direction
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.rendering import Paths, Point, level_chart
from mainapp.market.selectors.candles import sparkline_points
from mainapp.market.selectors.quotes import last_quotes

NEAR = 80  # of 100: within 1 % of the price

ShownStatus = Literal["active", "paused", "triggered", "expired"]
STATUSES: dict[ShownStatus, object] = {
    "active": _("Ligados"),
    "paused": _("Pausados"),
    "triggered": _("Disparados"),
    "expired": _("Expirados"),
}
STATUS_NAMES: dict[ShownStatus, object] = {
    "active": _("ligado"),
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
    def name(self) -> str:
        return limit_name(self.kind)

    @property
    def text(self) -> str:
        return limit_text(self.kind, self.limit, symbol=self.symbol)

    @property
    def condition_text(self) -> str:
        return condition_text(self.kind, self.limit, symbol=self.symbol)

    @property
    def sentence(self) -> str:
        """The condition with a capital letter: *Cair até R$ 36,00*, *Subir 1,50% no dia*."""
        text = self.condition_text
        return text[:1].upper() + text[1:]

    @property
    def done(self) -> int | None:
        """The `nearness` of the price: 0 far away, 100 at the limit or beyond; None if unknown."""
        return nearness(self.kind, self.limit, self.quote)

    @property
    def is_far(self) -> bool:
        """Whether the price is far from the limit, or unknown."""
        return not self.done

    @property
    def is_close(self) -> bool:
        return (self.done or 0) >= NEAR

    @property
    def gap_pct(self) -> Decimal | None:
        """The distance of the price in percent of it; None if unknown."""
        return gap_pct(self.kind, self.limit, self.quote)

    @property
    def price(self) -> Decimal | None:
        """The limit as a price; None for a change of the day without a previous close."""
        if not self.kind.endswith("pct"):
            return self.limit
        if self.quote is None or self.quote.previous_close is None:
            return None
        sign = -1 if self.kind == "change_down_pct" else 1
        return self.quote.previous_close * (100 + sign * self.limit) / 100

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLimit:
    """A limit of an alert on its chart: its y, or the edge beyond which it lies."""

    price: Decimal
    text: str
    y: str
    edge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChart:
    """The chart of an alert: the day's sparkline and the limits."""

    paths: Paths
    limits: Sequence[ChartLimit]
    direction: str


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with its stock's newest quote and the points of its chart."""

    alert: Alert
    quote: Quote | None
    status: ShownStatus
    points: Sequence[Point] = ()

    @property
    def is_near(self) -> bool:
        """Whether an active alert's price is near one of its limits."""
        return self.status == "active" and any(row.is_close for row in self.limits)

    @property
    def chart(self) -> AlertChart | None:
        """The chart of the day with the limits as lines; None without a price."""
        if self.quote is None:
            return None
        limits = [(limit.price, limit.text) for limit in self.limits]
        drawn = [(price, text) for price, text in limits if price is not None]
        chart = level_chart(
            self.points,
            [price for price, _text in drawn],
            base=self.quote.previous_close,
        )
        return AlertChart(
            paths=chart.paths,
            limits=[
                ChartLimit(price=price, text=text, y=y, edge=edge)
                for (price, text), (y, edge) in zip(drawn, chart.levels, strict=True)
            ],
            direction=direction(self.quote.change_pct),
        )

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
    return Alert.objects.filter(owner=user, quote_kind=settings.QUOTE_KIND)


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


def alerts_by_status(user: User, *, at: datetime) -> dict[ShownStatus, list[Alert]]:
    """Return all alerts of a user in each shown status, by symbol, with their `last_price`.

    It is the price of the newest firing. Cost: one query of at most ALERT_LIMIT rows, so that
    counts and pages need no others.
    """
    groups: dict[ShownStatus, list[Alert]] = {status: [] for status in STATUSES}
    newest = Firing.objects.filter(alert=OuterRef("pk")).values("price")[:1]
    alerts = own_alerts(user).annotate(last_price=Subquery(newest))
    for alert in alerts.order_by("ativo__symbol", "pk"):
        groups[shown_status(alert, at=at)].append(alert)
    return groups


def rows_of(alerts: Sequence[Alert], *, at: datetime) -> list[AlertRow]:
    """Return the rows of a page of alerts. Cost: three queries, none for an empty page."""
    prefetch_related_objects(alerts, "conditions")
    quotes = last_quotes({alert.ativo.symbol for alert in alerts}) if alerts else {}
    points = sparkline_points(quotes.values())
    return [
        AlertRow(alert, quotes.get(symbol), shown_status(alert, at=at), points.get(symbol, ()))
        for alert in alerts
        for symbol in [alert.ativo.symbol]
    ]


def shown_status(alert: Alert, *, at: datetime) -> ShownStatus:
    """Return the status that pages show; an active alert past `expires_at` is expired."""
    return "expired" if alert.is_expired(at) else alert.status  # type: ignore[return-value] # of Status


def alerts_on(user: User, stock: Stock, quote: Quote | None, *, at: datetime) -> list[AlertRow]:
    """Return a user's alerts on one stock, the active ones first. Two queries."""
    alerts = own_alerts(user).filter(ativo=stock).order_by("pk").prefetch_related("conditions")
    rows = [AlertRow(alert, quote, shown_status(alert, at=at)) for alert in alerts]
    return sorted(rows, key=lambda row: row.status != "active")


def is_waiting_beyond(alert: Alert) -> bool:
    """Return whether the alert was created beyond a limit and waits for the next crossing."""
    return Condition.objects.filter(alert=alert, phase=Condition.Phase.BEYOND).exists()
