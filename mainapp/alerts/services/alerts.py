"""Changes to alerts by their owners. Each one locks the stock, so that batches wait for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.alerts.conditions import (
    KINDS,
    Kind,
    Observation,
    State,
    end_of,
    measures,
    period_bit,
    wake,
)
from mainapp.alerts.models import Alert, Condition, Firing
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.services.evaluating import (
    Outcome,
    advance_condition,
    set_state,
    write_outcome,
)
from mainapp.core.exceptions import DomainError
from mainapp.market.kinds import QuoteKind
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote, is_fresh
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day

FIELDS = (
    *("ativo", "email", *KINDS, "periodo", "duracao", "hold_minutes", "recurrence"),
    *("rearm_pct", "cooldown_minutes", "fires_if_beyond", "note"),
)


class TooManyAlerts(DomainError):
    """The owner already has ALERT_LIMIT alerts."""


@dataclass(frozen=True, slots=True)
class _Market:
    """A stock's newest quote and the current time."""

    quote: Quote | None
    at: datetime

    @property
    def observation(self) -> Observation | None:
        if self.quote is None or self.quote.quoted_at is None:
            return None
        return Observation(
            price=self.quote.price, change_pct=self.quote.change_pct, at=self.quote.quoted_at
        )


def create_alert(
    *,
    owner: User,
    fields: Mapping[str, Any],
    quote_kind: QuoteKind,
    at: datetime,
    is_active: bool = True,
) -> Alert:
    """Create an alert from `FIELDS` (missing ones get their defaults) and arm its conditions.

    If the price is already beyond a limit, `fires_if_beyond` decides whether the condition fires at
    once or waits for the next crossing (phase `beyond`). Raises: TooManyAlerts.
    """
    values = {name: fields[name] for name in FIELDS if name in fields}
    with transaction.atomic():
        market = _market_of(values["ativo"], at)
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Alert.objects.filter(owner=owner, quote_kind=quote_kind).count() >= ALERT_LIMIT:
            raise TooManyAlerts(
                "limit_reached",
                _("Você já tem %(limit)s alertas: apague um antes."),
                {"limit": ALERT_LIMIT},
            )
        alert = Alert(owner=owner, quote_kind=quote_kind, created_at=at, **values)
        alert.status = Alert.Status.ACTIVE if is_active else Alert.Status.PAUSED
        alert.expires_at = end_of(sao_paulo_day(at), alert.duracao)
        alert.save()
        _arm(alert, KINDS, market)
    return alert


def update_alert(*, alert: Alert, fields: Mapping[str, Any], at: datetime) -> Alert:
    """Edit an alert. Changed limits are armed again; only a changed `duracao` renews the expiry.

    A paused alert stays paused; a triggered one with a changed limit becomes active again.
    """
    with transaction.atomic():
        stocks = {alert.ativo_id, fields.get("ativo", alert.ativo).pk}
        list(Stock.objects.filter(pk__in=stocks).order_by("symbol").select_for_update(no_key=True))
        current = Alert.objects.select_related("owner", "ativo").get(pk=alert.pk)
        before = {name: getattr(current, name) for name in FIELDS}
        was_expired = current.is_expired(at)
        for name in FIELDS:
            setattr(current, name, fields.get(name, before[name]))
        changed = {name for name in FIELDS if getattr(current, name) != before[name]}
        if "duracao" in changed:
            current.expires_at = end_of(sao_paulo_day(at), current.duracao)
        kinds = _kinds_to_arm(changed, is_renewed=was_expired and not current.is_expired(at))
        if kinds and current.status == Alert.Status.TRIGGERED:
            current.status = Alert.Status.ACTIVE
        current.save()
        market = _market_of(current.ativo, at)
        _arm(current, kinds, market)
        _sync_conditions(current)
    return current


def pause_alert(*, alert: Alert) -> None:
    """Pause an active alert until its owner resumes it; alerts in another status do not change."""
    with transaction.atomic():
        _lock(alert)
        if Alert.objects.filter(pk=alert.pk, status=Alert.Status.ACTIVE).update(
            status=Alert.Status.PAUSED, pause_reason=""
        ):
            Condition.objects.filter(alert=alert).update(is_live=False)


def resume_alert(*, alert: Alert, at: datetime) -> Alert:
    """Reactivate a paused, triggered or expired alert: rearm it and restart its duration."""
    with transaction.atomic():
        market = _market_of(alert.ativo, at)
        current = Alert.objects.select_related("owner", "ativo").get(pk=alert.pk)
        if current.status == Alert.Status.ACTIVE and not current.is_expired(at):
            return current
        current.status, current.pause_reason = Alert.Status.ACTIVE, ""
        current.expires_at = end_of(sao_paulo_day(at), current.duracao)
        current.save(update_fields=["status", "pause_reason", "expires_at"])
        _arm(current, KINDS, market)
    return current


def delete_alert(*, alert: Alert) -> None:
    with transaction.atomic():
        _lock(alert)
        alert.delete()


def delete_alerts(*, owner: User, quote_kind: QuoteKind) -> int:
    """Delete a user's alerts of one kind of quotes; return their number."""
    with transaction.atomic():
        owned = Alert.objects.filter(owner=owner, quote_kind=quote_kind)
        stocks = Stock.objects.filter(alerts__in=owned).order_by("symbol")
        list(Stock.objects.filter(pk__in=stocks).order_by("symbol").select_for_update(no_key=True))
        return owned.delete()[1].get("alerts.Alert", 0)


def follow_period(*, owner: User, minutes: int) -> None:
    """Apply the owner's monitoring period to the alerts that have no period of their own."""
    Condition.objects.filter(alert__owner=owner, alert__periodo=None, alert__hold_minutes=0).update(
        periods=period_bit(minutes)
    )


def _lock(alert: Alert) -> None:
    Stock.objects.select_for_update(no_key=True).get(pk=alert.ativo_id)


def _market_of(stock: Stock, at: datetime) -> _Market:
    """Lock a stock and return its newest recorded quote."""
    Stock.objects.select_for_update(no_key=True).get(pk=stock.pk)
    return _Market(last_quotes([stock.symbol]).get(stock.symbol), at)


def _kinds_to_arm(changed: set[str], *, is_renewed: bool) -> tuple[Kind, ...]:
    if "ativo" in changed or is_renewed:
        return KINDS
    return tuple(kind for kind in KINDS if kind in changed)


def _arm(alert: Alert, kinds: tuple[Kind, ...], market: _Market) -> None:
    """Initialise the conditions of `kinds` from the newest quote."""
    existing = {row.kind: row for row in Condition.objects.filter(alert=alert)}
    limits = alert.limits()
    outcome = Outcome()
    for kind in (kind for kind in kinds if kind in limits):
        row = existing.get(kind) or Condition(kind=kind, crossing=_last_crossing(alert, kind))
        row.alert, row.stock, row.quote_kind = alert, alert.ativo, alert.quote_kind
        row.periods, row.expires_at = _periods(alert), alert.expires_at
        row.is_live = alert.status == Alert.Status.ACTIVE
        set_state(row, _first_state(alert, kind, market))
        row.save()
        if row.is_live and row.phase == Condition.Phase.NEW and _is_fresh(market):
            assert market.quote is not None
            assert market.observation is not None
            advance_condition(row, market.quote, market.observation, at=market.at, into=outcome)
    removed = [row.pk for kind, row in existing.items() if kind not in limits]
    Condition.objects.filter(pk__in=removed).delete()
    write_outcome(outcome)


def _last_crossing(alert: Alert, kind: Kind) -> int:
    """Return the number of the newest firing of a kind, deleted conditions included."""
    newest = Firing.objects.filter(alert=alert, kind=kind).aggregate(newest=Max("crossing"))
    return newest["newest"] or 0


def _sync_conditions(alert: Alert) -> None:
    """Copy the alert's current fields to its conditions, without changing their states."""
    for row in Condition.objects.filter(alert=alert).select_related("alert__ativo"):
        row.alert = alert
        row.periods, row.expires_at = _periods(alert), alert.expires_at
        row.is_live = alert.status == Alert.Status.ACTIVE
        set_state(row, row.state)
        row.save()


def _first_state(alert: Alert, kind: Kind, market: _Market) -> State:
    """Return the initial state of a condition: the newest quote, however old, decides the side.

    The change of an earlier day is ignored, since the next day starts at zero. The state is `new`
    if no quote decides it yet, or if the condition is to fire at once.
    """
    observation, terms = market.observation, alert.terms(kind)
    if observation is None:
        return State("new")
    if kind in ("change_up_pct", "change_down_pct") and _is_of_another_day(observation, market.at):
        return State("armed")
    value = measures(observation).get(wake(terms, State("armed")).measure)
    if value is None:
        return State("new")
    if value < terms.reach:
        return State("armed")
    return State("new") if alert.fires_if_beyond else State("beyond")


def _periods(alert: Alert) -> int:
    """Return the bits of the observations that count; a hold observes every quote."""
    if alert.hold_minutes:
        return period_bit(0)
    if alert.periodo is not None:
        return period_bit(alert.periodo)
    preferences = getattr(alert.owner, "preferences", None)
    return period_bit(preferences.monitoring_minutes if preferences else 0)


def _is_of_another_day(observation: Observation, at: datetime) -> bool:
    return sao_paulo_day(observation.at) != sao_paulo_day(at)


def _is_fresh(market: _Market) -> bool:
    return market.quote is not None and is_fresh(market.quote, at=market.at)
