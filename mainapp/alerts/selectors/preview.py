"""Preview of an alert before it is saved: its description and its backtest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.alerts.conditions import Observation, end_of, measures, wake
from mainapp.alerts.conditions import State as ConditionState
from mainapp.alerts.indicators import PastBar, PastFiring, backtest, past_bars
from mainapp.alerts.models import Alert
from mainapp.alerts.rendering import condition_text, summary
from mainapp.market.models import Candle, Stock
from mainapp.market.quotes import Bar, Quote
from mainapp.market.selectors.candles import day_bars, midnight
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day

MONTH, YEAR = timedelta(days=30), timedelta(days=365)
# A month of sessions has about 11,000 minutes; earlier days use their daily candles.
MAX_MINUTES = 15_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Preview of an alert.

    `month` and `year` count the firings of the last 30 days and 12 months; `since` is the start of
    the available history. `beyond` lists the conditions whose limit the price has already passed.
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
    """Return the preview of an alert with clean `fields`; `saved` is the alert being edited.

    Cost: three queries, and at most a few tenths of a second for a year of days and a month of
    minutes.
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
        sentence=summary_of(alert, expires_at=_expires_at(alert, saved, at), minutes=minutes),
        beyond=_beyond(alert, last_quotes([stock.symbol]).get(stock.symbol)),
        firings=fired,
        month=sum(firing.starts_at >= recent for firing in fired),
        year=len(fired),
        since=past[0].bar.starts_at if past else None,
        has_minutes=any(not bar.is_day for bar in past),
    )


def summary_of(alert: Alert, *, expires_at: datetime, minutes: int) -> str:
    return summary(
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
    """Return the minutes between an alert's observations, by default its owner's preference."""
    if alert.periodo is not None:
        return alert.periodo
    preferences = getattr(alert.owner, "preferences", None)
    return preferences.monitoring_minutes if preferences else 0


def past_of(stock: Stock, *, at: datetime) -> list[PastBar]:
    """Return 12 months of a stock's candles, the last 30 days by the minute.

    Cost: two queries, and those of B3's own history.
    """
    days, _source = day_bars(stock=stock, since=midnight(sao_paulo_day(at - YEAR)))
    minutes = Candle.objects.filter(
        stock=stock,
        kind=settings.QUOTE_KIND,
        interval=Candle.Interval.MINUTE,
        starts_at__gte=midnight(sao_paulo_day(at - MONTH)),
    )
    return past_bars(days, _bars(minutes))


def _bars(rows: Any) -> list[Bar]:
    names = ("starts_at", "open", "high", "low", "close")
    newest = rows.order_by("-starts_at").values_list(*names)[:MAX_MINUTES]
    return [
        Bar(starts_at=starts_at, open=open_, high=high, low=low, close=close)
        for starts_at, open_, high, low, close in reversed(newest)
    ]


def _expires_at(alert: Alert, saved: Alert | None, at: datetime) -> datetime:
    """Return the expiry; an existing alert is only renewed by a changed `duracao`."""
    if saved and saved.duracao == alert.duracao:
        return saved.expires_at
    return end_of(sao_paulo_day(at), alert.duracao)


def _beyond(alert: Alert, quote: Quote | None) -> list[str]:
    if quote is None or quote.quoted_at is None:
        return []
    values = measures(
        Observation(price=quote.price, change_pct=quote.change_pct, at=quote.quoted_at)
    )
    texts = []
    for kind, limit in alert.limits().items():
        terms = alert.terms(kind)
        value = values.get(wake(terms, ConditionState("armed")).measure)
        if value is not None and value >= terms.reach:
            texts.append(condition_text(kind, limit, symbol=quote.symbol))
    return texts


def beyond_note(preview: Preview) -> str:
    """Return a note on limits that the price has already passed; empty if there are none."""
    if not preview.beyond:
        return ""
    if preview.alert.fires_if_beyond:
        return _("O preço já passou do limite: o alerta dispara assim que for salvo.")
    return _("O preço já passou do limite: o alerta espera a próxima vez.")
