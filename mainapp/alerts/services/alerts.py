"""What owners do with alerts. Each change locks the stock: no batch is judged meanwhile."""

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
    Look,
    State,
    end_of,
    measures,
    period_bit,
    wake,
)
from mainapp.alerts.models import Alert, Condition, Firing
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.quotes import is_fresh
from mainapp.alerts.services.evaluating import (
    Outcome,
    advance_condition,
    put_state,
    write_outcome,
)
from mainapp.core.exceptions import DomainError
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
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
    """A stock's newest quote, and when it is looked at."""

    quote: Quote | None
    at: datetime

    @property
    def look(self) -> Look | None:
        if self.quote is None or self.quote.quoted_at is None:
            return None
        return Look(
            price=self.quote.price, change_pct=self.quote.change_pct, at=self.quote.quoted_at
        )


def create_alert(*, owner: User, fields: Mapping[str, Any], simulated: bool, at: datetime) -> Alert:
    """Make an alert of `FIELDS` (those left out have their defaults) and arm its conditions.

    One that is beyond its limit fires at once or waits for the next crossing, as `fires_if_beyond`
    says; its condition's phase tells which. Raises: TooManyAlerts.
    """
    given = {name: fields[name] for name in FIELDS if name in fields}
    with transaction.atomic():
        market = _market_of(given["ativo"], at)
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Alert.objects.filter(owner=owner, simulated=simulated).count() >= ALERT_LIMIT:
            raise TooManyAlerts(
                "limit_reached",
                _("Você já tem %(limit)s alertas: apague um antes."),
                {"limit": ALERT_LIMIT},
            )
        alert = Alert(owner=owner, simulated=simulated, created_at=at, **given)
        alert.expires_at = end_of(sao_paulo_day(at), alert.duracao)
        alert.save()
        _arm(alert, KINDS, market)
    return alert


def update_alert(*, alert: Alert, fields: Mapping[str, Any], at: datetime) -> Alert:
    """Change an alert. A changed limit is armed anew; only another `duracao` renews its time.

    A paused alert stays paused; a spent one with a changed limit is active again.
    """
    with transaction.atomic():
        stocks = {alert.ativo_id, fields.get("ativo", alert.ativo).pk}
        list(Stock.objects.filter(pk__in=stocks).order_by("symbol").select_for_update(no_key=True))
        now = Alert.objects.select_related("owner", "ativo").get(pk=alert.pk)
        before = {name: getattr(now, name) for name in FIELDS}
        was_expired = now.is_expired(at)
        for name in FIELDS:
            setattr(now, name, fields.get(name, before[name]))
        changed = {name for name in FIELDS if getattr(now, name) != before[name]}
        if "duracao" in changed:
            now.expires_at = end_of(sao_paulo_day(at), now.duracao)
        anew = _kinds_to_arm(changed, is_renewed=was_expired and not now.is_expired(at))
        if anew and now.status == Alert.Status.TRIGGERED:
            now.status = Alert.Status.ACTIVE
        now.save()
        market = _market_of(now.ativo, at)
        _arm(now, anew, market)
        _settle(now)
    return now


def pause_alert(*, alert: Alert) -> None:
    """Stop an active alert for as long as its owner likes; any other is left as it is."""
    with transaction.atomic():
        _lock(alert)
        if Alert.objects.filter(pk=alert.pk, status=Alert.Status.ACTIVE).update(
            status=Alert.Status.PAUSED, pause_reason=""
        ):
            Condition.objects.filter(alert=alert).update(is_live=False)


def resume_alert(*, alert: Alert, at: datetime) -> Alert:
    """Make a paused, spent or expired alert active again: its time begins anew, and it is armed."""
    with transaction.atomic():
        market = _market_of(alert.ativo, at)
        now = Alert.objects.select_related("owner", "ativo").get(pk=alert.pk)
        if now.status == Alert.Status.ACTIVE and not now.is_expired(at):
            return now
        now.status, now.pause_reason = Alert.Status.ACTIVE, ""
        now.expires_at = end_of(sao_paulo_day(at), now.duracao)
        now.save(update_fields=["status", "pause_reason", "expires_at"])
        _arm(now, KINDS, market)
    return now


def delete_alert(*, alert: Alert) -> None:
    with transaction.atomic():
        _lock(alert)
        alert.delete()


def delete_alerts(*, owner: User, simulated: bool) -> int:
    """Delete all of a user's alerts of one kind of market; return how many there were."""
    with transaction.atomic():
        owned = Alert.objects.filter(owner=owner, simulated=simulated)
        stocks = Stock.objects.filter(alerts__in=owned).order_by("symbol")
        list(Stock.objects.filter(pk__in=stocks).order_by("symbol").select_for_update(no_key=True))
        return owned.delete()[1].get("alerts.Alert", 0)


def follow_period(*, owner: User, minutes: int) -> None:
    """Have the alerts without a period of their own look every `minutes`, from now on."""
    Condition.objects.filter(alert__owner=owner, alert__periodo=None, alert__hold_minutes=0).update(
        periods=period_bit(minutes)
    )


def _lock(alert: Alert) -> None:
    Stock.objects.select_for_update(no_key=True).get(pk=alert.ativo_id)


def _market_of(stock: Stock, at: datetime) -> _Market:
    """Lock a stock and return its newest recorded quote of the run's kind."""
    Stock.objects.select_for_update(no_key=True).get(pk=stock.pk)
    return _Market(last_quotes([stock.symbol]).get(stock.symbol), at)


def _kinds_to_arm(changed: set[str], *, is_renewed: bool) -> tuple[Kind, ...]:
    if "ativo" in changed or is_renewed:
        return KINDS
    return tuple(kind for kind in KINDS if kind in changed)


def _arm(alert: Alert, kinds: tuple[Kind, ...], market: _Market) -> None:
    """Put the conditions of `kinds` where the newest quote says that they are."""
    kept = {row.kind: row for row in Condition.objects.filter(alert=alert)}
    limits = alert.limits()
    outcome = Outcome()
    for kind in (kind for kind in kinds if kind in limits):
        row = kept.get(kind) or Condition(kind=kind, crossing=_last_crossing(alert, kind))
        row.alert, row.stock, row.simulated = alert, alert.ativo, alert.simulated
        row.periods, row.expires_at = _periods(alert), alert.expires_at
        row.is_live = alert.status == Alert.Status.ACTIVE
        put_state(row, _first_state(alert, kind, market))
        row.save()
        if row.is_live and row.phase == Condition.Phase.NEW and _is_fresh(market):
            assert market.quote is not None
            assert market.look is not None
            advance_condition(row, market.quote, market.look, at=market.at, into=outcome)
    gone = [row.pk for kind, row in kept.items() if kind not in limits]
    Condition.objects.filter(pk__in=gone).delete()
    write_outcome(outcome)


def _last_crossing(alert: Alert, kind: Kind) -> int:
    """Return the number of the newest firing of a condition that the alert may have had before."""
    newest = Firing.objects.filter(alert=alert, kind=kind).aggregate(newest=Max("crossing"))
    return newest["newest"] or 0


def _settle(alert: Alert) -> None:
    """Bring the conditions that stay where they are in line with the alert as it is now."""
    for row in Condition.objects.filter(alert=alert).select_related("alert__ativo"):
        row.alert = alert
        row.periods, row.expires_at = _periods(alert), alert.expires_at
        row.is_live = alert.status == Alert.Status.ACTIVE
        put_state(row, row.state)
        row.save()


def _first_state(alert: Alert, kind: Kind, market: _Market) -> State:
    """Return where a condition begins: the newest quote tells on which side, however old it is.

    A change of another day tells nothing: the next day's begins at zero. New is what no quote
    decides yet, and what is to fire at once.
    """
    look, terms = market.look, alert.terms(kind)
    if look is None:
        return State("new")
    if kind in ("change_up_pct", "change_down_pct") and _is_of_another_day(look, market.at):
        return State("armed")
    value = measures(look).get(wake(terms, State("armed")).measure)
    if value is None:
        return State("new")
    if value < terms.reach:
        return State("armed")
    return State("new") if alert.fires_if_beyond else State("beyond")


def _periods(alert: Alert) -> int:
    """Return the bits of the looks that count; a hold is read from every quote."""
    if alert.hold_minutes:
        return period_bit(0)
    if alert.periodo is not None:
        return period_bit(alert.periodo)
    preferences = getattr(alert.owner, "preferences", None)
    return period_bit(preferences.monitoring_minutes if preferences else 0)


def _is_of_another_day(look: Look, at: datetime) -> bool:
    return sao_paulo_day(look.at) != sao_paulo_day(at)


def _is_fresh(market: _Market) -> bool:
    return market.quote is not None and is_fresh(market.quote, at=market.at)
