"""Alerts that members share with their club, and the members who receive them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from mainapp.accounts.models import User
from mainapp.alerts.models import Alert, AlertSubscription, SharedAlert
from mainapp.alerts.selectors.alerts import AlertRow, own_alerts, shown_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.notifications.models import Notification

PREFIX = "club_firing"


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A shared alert as a member sees it: with its quote, and whether they receive it."""

    shared: SharedAlert
    row: AlertRow
    is_own: bool
    is_received: bool
    receivers: int

    @property
    def owner(self) -> User:
        return self.shared.alert.owner


def shared_alerts(club_pk: int, user: Any) -> QuerySet[SharedAlert]:
    """Return the alerts shared with a club of the user, by symbol."""
    rows = SharedAlert.objects.visible_to(user).filter(
        club=club_pk, alert__quote_kind=settings.QUOTE_KIND
    )
    return rows.order_by("alert__ativo__symbol", "pk")


def shared_rows(shared: QuerySet[SharedAlert], user: User, *, at: datetime) -> list[SharedRow]:
    """Return shared alerts with their quotes and receivers; three queries."""
    own = AlertSubscription.objects.filter(shared=OuterRef("pk"), user=user.pk)
    rows: list[Any] = list(
        shared.select_related("alert__ativo", "alert__owner")
        .prefetch_related("alert__conditions")
        .annotate(is_received=Exists(own), receivers=Count("subscriptions"))
    )
    quotes = last_quotes({row.alert.ativo.symbol for row in rows}) if rows else {}
    return [
        SharedRow(
            row,
            AlertRow(row.alert, quotes.get(row.alert.ativo.symbol), shown_status(row.alert, at=at)),
            row.alert.owner_id == user.pk,
            row.is_received,
            row.receivers,
        )
        for row in rows
    ]


def shareable_alerts(user: User, *, at: datetime) -> list[Alert]:
    """Return a user's active alerts that no club has; one query."""
    free = own_alerts(user).filter(shared=None, status=Alert.Status.ACTIVE, expires_at__gte=at)
    return list(free.order_by("ativo__symbol", "pk"))


def receivers_of(alerts: Collection[int]) -> dict[int, Sequence[User]]:
    """Return the members who receive each alert, besides its owner; one query."""
    receivers: dict[int, list[User]] = defaultdict(list)
    rows = AlertSubscription.objects.valid().filter(shared__alert__in=alerts)
    for row in rows.select_related("shared", "user__preferences"):
        receivers[row.shared.alert_id].append(row.user)
    return dict(receivers)


def clubs_with(alerts: Collection[int]) -> list[int]:
    """Return the clubs with which alerts are shared; one query."""
    rows = SharedAlert.objects.filter(alert__in=alerts).order_by()
    return list(rows.values_list("club_id", flat=True).distinct())


def key_of_notice(firing: str, user_pk: int) -> str:
    """Return the key of a receiver's notification of a firing like `12.compra.1`."""
    return f"{PREFIX}.{firing}.{user_pk}"


def wanted_shared(notifications: Collection[Notification]) -> set[int]:
    """Return the notifications whose users still receive the alert; one query."""
    places = {row.pk: (_alert_of(row), row.user_id) for row in notifications}
    valid = AlertSubscription.objects.valid().filter(
        Q(shared__alert__in={alert for alert, _user in places.values()}),
        user__in={user for _alert, user in places.values()},
    )
    pairs = set(valid.values_list("shared__alert", "user"))
    return {pk for pk, place in places.items() if place in pairs}


def _alert_of(notification: Notification) -> int:
    return int(str(notification.dedupe_key).split(".")[1])
