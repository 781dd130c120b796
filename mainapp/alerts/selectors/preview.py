"""What an alert would do, and would have done, before it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.alerts.conditions import Look, end_of, measures, wake
from mainapp.alerts.conditions import State as ConditionState
from mainapp.alerts.indicators import PastBar, PastFiring, backtest, past_bars
from mainapp.alerts.models import Alert
from mainapp.alerts.rendering import condition_text, promise
from mainapp.market.models import Candle, Stock
from mainapp.market.quotes import Bar, Quote
from mainapp.market.selectors.candles import midnight
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day

MONTH, YEAR = timedelta(days=30), timedelta(days=365)
# A month of sessions has some 11,000 minutes; the days before these are told by their own candles.
MAX_MINUTES = 15_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`month` and `year` count firings of the last 30 days and 12 months; `since`: history's first.

    `beyond` names the limits that are passed already.
    """

    alert: Alert
    sentence: str
    beyond: list[str]
    firings: list[PastFiring]
    month: int
    year: int
    since: datetime | None
    has_minutes: bool

    @property
    def is_once(self) -> bool:
        return self.alert.recurrence == Alert.Recurrence.ONCE


def preview_of(
    owner: User, fields: Mapping[str, Any], *, at: datetime, saved: Alert | None = None
) -> Preview:
    """Return what an alert of clean `fields` would do; `saved` is the one that they change.

    Three queries; at most some tenths of a second over a year of days and a month of minutes.
    """
    alert = Alert(owner=owner, **fields)
    stock: Stock = fields["ativo"]
    past = past_of(stock, at=at)
    terms = [alert.terms(kind) for kind in alert.limits()]
    minutes = minutes_of(alert)
    fired = backtest(terms, past, period=minutes)
    recent = midnight(sao_paulo_day(at - MONTH))
    return Preview(
        alert=alert,
        sentence=sentence_of(alert, expires_at=_expires_at(alert, saved, at), minutes=minutes),
        beyond=_beyond(alert, last_quotes([stock.symbol]).get(stock.symbol)),
        firings=fired,
        month=sum(one.starts_at >= recent for one in fired),
        year=len(fired),
        since=past[0].bar.starts_at if past else None,
        has_minutes=any(not one.is_day for one in past),
    )


def sentence_of(alert: Alert, *, expires_at: datetime, minutes: int) -> str:
    return promise(
        symbol=alert.ativo.symbol,
        limits=alert.limits(),
        minutes=minutes,
        hold_minutes=alert.hold_minutes,
        is_every=alert.recurrence == Alert.Recurrence.EVERY,
        rearm_pct=alert.rearm_pct,
        cooldown_minutes=alert.cooldown_minutes,
        expires_at=expires_at,
    )


def minutes_of(alert: Alert) -> int:
    """Return the minutes between an alert's looks, its owner's where it has none of its own."""
    if alert.periodo is not None:
        return alert.periodo
    preferences = getattr(alert.owner, "preferences", None)
    return preferences.monitoring_minutes if preferences else 0


def past_of(stock: Stock, *, at: datetime) -> list[PastBar]:
    """Return the last 12 months of a stock, the last 30 days of it by the minute: two queries."""
    rows = Candle.objects.filter(stock=stock, simulated=settings.SIMULATED)
    days = rows.filter(interval=Candle.Interval.DAY)
    days = days.filter(starts_at__gte=midnight(sao_paulo_day(at - YEAR)))
    minutes = rows.filter(interval=Candle.Interval.MINUTE)
    minutes = minutes.filter(starts_at__gte=midnight(sao_paulo_day(at - MONTH)))
    return past_bars(_bars(days), _bars(minutes))


def _bars(rows: Any) -> list[Bar]:
    names = ("starts_at", "open", "high", "low", "close")
    newest = rows.order_by("-starts_at").values_list(*names)[:MAX_MINUTES]
    return [
        Bar(starts_at=starts_at, open=open_, high=high, low=low, close=close)
        for starts_at, open_, high, low, close in reversed(newest)
    ]


def _expires_at(alert: Alert, saved: Alert | None, at: datetime) -> datetime:
    """Return until when it would run: only another `duracao` renews an alert that is there."""
    if saved and saved.duracao == alert.duracao:
        return saved.expires_at
    return end_of(sao_paulo_day(at), alert.duracao)


def _beyond(alert: Alert, quote: Quote | None) -> list[str]:
    if quote is None or quote.quoted_at is None:
        return []
    values = measures(Look(price=quote.price, change_pct=quote.change_pct, at=quote.quoted_at))
    found = []
    for kind, limit in alert.limits().items():
        terms = alert.terms(kind)
        value = values.get(wake(terms, ConditionState("armed")).measure)
        if value is not None and value >= terms.reach:
            found.append(condition_text(kind, limit, symbol=quote.symbol))
    return found


def beyond_note(preview: Preview) -> str:
    """Return what becomes of limits that are passed already; empty when none is."""
    if not preview.beyond:
        return ""
    if preview.alert.fires_if_beyond:
        return _("O preço já passou do limite: o alerta dispara assim que for salvo.")
    return _("O preço já passou do limite: o alerta espera a próxima vez.")
