"""Evaluation of a recorded batch; firings are written in the transaction that records quotes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import OuterRef, Subquery

from mainapp.alerts.conditions import KINDS, Observation, State, advance, due_periods, wake
from mainapp.alerts.models import Alert, Condition, Doubt, Firing
from mainapp.alerts.quotes import Suspicion, judge, suspicion_of
from mainapp.alerts.selectors.waking import (
    Probe,
    conditions_by_pk,
    doubts_by_pk,
    level_of,
    probes,
    woken_by,
)
from mainapp.alerts.services.announcing import announce_firings, announce_split
from mainapp.market.models import Stock
from mainapp.market.quotes import Quote, is_fresh

CHANGED_FIELDS = ["phase", "holding_since", "crossing", "measure", "level"]


@dataclass(slots=True)
class _NewQuote:
    """A stock's quote in a batch, the previous one, and the periods it is an observation for."""

    stock: Stock
    quote: Quote
    last: Quote | None
    periods: int

    @property
    def observation(self) -> Observation:
        assert self.quote.quoted_at is not None  # recorded quotes are stamped
        return Observation(
            price=self.quote.price, change_pct=self.quote.change_pct, at=self.quote.quoted_at
        )

    @property
    def probes(self) -> Iterable[Probe]:
        return probes(self.stock.pk, self.observation, self.periods)


@dataclass(slots=True)
class Outcome:
    """Changes made by observations, before they are written."""

    changed_conditions: list[Condition] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)


def evaluate_batch(
    *,
    quotes: Iterable[Quote],
    last: Mapping[str, Quote],
    stocks: Mapping[str, Stock],
    at: datetime,
    splits: Collection[str] = (),
) -> list[Firing]:
    """Evaluate all alerts on a batch of accepted quotes; `last` holds the previous ones.

    `splits` are the symbols whose prices a known event has changed: their alerts are paused.

    Runs inside the transaction that records the quotes, with the stocks locked. Stale quotes are
    skipped. Cost: one query if nothing changes, otherwise a fixed number for any number of alerts
    and symbols.
    """
    for symbol in splits:
        pause_split_stock(stock=stocks[symbol])
    new_quotes = {
        (stock := stocks[quote.symbol]).pk: _NewQuote(
            stock, quote, last.get(quote.symbol), _periods(quote, last.get(quote.symbol))
        )
        for quote in quotes
        if quote.symbol in stocks and quote.symbol not in splits and is_fresh(quote, at=at)
    }
    since = min((new.observation.at for new in new_quotes.values()), default=at)
    wanted = [probe for new in new_quotes.values() for probe in new.probes]
    woken = woken_by(wanted, quote_kind=settings.QUOTE_KIND, since=since)
    woken_pks, trusted = woken.conditions, new_quotes
    if woken.doubts or any(_is_doubtful(new) for new in new_quotes.values()):
        trusted, waiting = _resolve_doubts(new_quotes, doubts_by_pk(woken.doubts))
        again = [probe for new in waiting for probe in new.probes]
        woken_pks = (
            woken_pks + woken_by(again, quote_kind=settings.QUOTE_KIND, since=since).conditions
        )
    return _advance_all(conditions_by_pk(woken_pks), trusted, at)


def _advance_all(
    conditions: list[Condition], new_quotes: Mapping[int, _NewQuote], at: datetime
) -> list[Firing]:
    outcome = Outcome()
    for condition in sorted(conditions, key=lambda c: (c.alert_id, KINDS.index(c.kind))):
        if new := new_quotes.get(condition.stock_id):
            advance_condition(condition, new.quote, new.observation, at=at, into=outcome)
    write_outcome(outcome)
    return outcome.firings


def advance_condition(
    condition: Condition, quote: Quote, observation: Observation, *, at: datetime, into: Outcome
) -> None:
    """Advance one condition and its alert by one observation, in memory."""
    alert = condition.alert
    if alert.status != Alert.Status.ACTIVE or observation.at > alert.expires_at:
        return
    before = condition.state
    after, fires = advance(condition.terms, before, observation, last_fired_at=alert.last_fired_at)
    if after == before:
        return
    set_state(condition, after)
    into.changed_conditions.append(condition)
    if fires:
        condition.crossing += 1
        into.firings.append(_firing(condition, quote, observation, at))
        alert.last_fired_at = observation.at
        if alert.recurrence == Alert.Recurrence.ONCE:
            alert.status = Alert.Status.TRIGGERED


def set_state(condition: Condition, state: State) -> None:
    """Set the state of a condition and the threshold that wakes it next."""
    next_wake = wake(condition.terms, state)
    condition.phase, condition.holding_since = state.phase, state.since
    condition.measure, condition.level = next_wake.measure, level_of(next_wake)


def _firing(condition: Condition, quote: Quote, observation: Observation, at: datetime) -> Firing:
    return Firing(
        alert=condition.alert,
        kind=condition.kind,
        crossing=condition.crossing,
        limit=condition.terms.limit,
        price=quote.price,
        change_pct=quote.change_pct,
        quoted_at=observation.at,
        quoted_at_estimated=quote.quoted_at_estimated,
        source=quote.source,
        delay_s=quote.delay_s,
        quote_kind=quote.kind,
        fired_at=at,
    )


def write_outcome(outcome: Outcome) -> None:
    """Write changed conditions and firings in a fixed number of queries.

    (SQLite splits long ones.)
    """
    if outcome.changed_conditions:
        Condition.objects.bulk_create(
            outcome.changed_conditions,
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=CHANGED_FIELDS,
        )
    if not outcome.firings:
        return
    announce_firings(firings=outcome.firings)
    Firing.objects.bulk_create(outcome.firings)
    fired = {firing.alert_id for firing in outcome.firings}
    # The newest by key, not by time: firings dated by a clock that ran ahead would stay the latest.
    newest = Firing.objects.filter(alert=OuterRef("pk")).order_by("-pk").values("quoted_at")
    Alert.objects.filter(pk__in=fired).update(last_fired_at=Subquery(newest[:1]))
    spent = Alert.objects.filter(pk__in=fired, recurrence=Alert.Recurrence.ONCE)
    spent.update(status=Alert.Status.TRIGGERED)
    Condition.objects.filter(alert__in=fired, alert__recurrence=Alert.Recurrence.ONCE).update(
        is_live=False
    )


def _is_doubtful(new: _NewQuote) -> bool:
    return judge(new.quote, last=new.last, suspicion=None) == "doubtful"


def _resolve_doubts(
    new_quotes: Mapping[int, _NewQuote], doubts: Mapping[int, Doubt]
) -> tuple[dict[int, _NewQuote], list[_NewQuote]]:
    """Return the trusted quotes, and those of them whose observations waited for a confirmation.

    Doubts about doubtful quotes are stored, resolved ones deleted; a split pauses the stock's
    alerts.
    """
    trusted, waiting, new_doubts = {}, [], []
    for pk, new in new_quotes.items():
        suspicion = _suspicion(doubts.get(pk))
        verdict = judge(new.quote, last=new.last, suspicion=suspicion)
        if verdict == "doubtful" and new.last is not None:
            doubt = suspicion_of(new.quote, last=new.last, periods=new.periods, before=suspicion)
            new_doubts.append(_doubt(new, doubt))
        elif verdict == "split":
            pause_split_stock(stock=new.stock)
        else:
            trusted[pk] = new
            if suspicion and suspicion.periods & ~new.periods:
                new.periods |= suspicion.periods
                waiting.append(new)
    resolved = doubts.keys() - {doubt.stock_id for doubt in new_doubts}
    Doubt.objects.filter(stock__in=resolved, quote_kind=settings.QUOTE_KIND).delete()
    Doubt.objects.bulk_create(
        new_doubts,
        update_conflicts=True,
        unique_fields=["stock", "quote_kind"],
        update_fields=["previous_close", "trusted_price", "trusted_close", "periods"],
    )
    return trusted, waiting


def pause_split_stock(*, stock: Stock) -> None:
    """Pause the active alerts of a stock after a split, and notify their owners."""
    alerts = list(
        Alert.objects.filter(
            ativo=stock, status=Alert.Status.ACTIVE, quote_kind=settings.QUOTE_KIND
        ).select_related("owner__preferences", "ativo")
    )
    pks = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=pks).update(status=Alert.Status.PAUSED, pause_reason="split")
    Condition.objects.filter(alert__in=pks).update(is_live=False)
    announce_split(alerts=alerts)


def _suspicion(doubt: Doubt | None) -> Suspicion | None:
    if doubt is None:
        return None
    return Suspicion(
        previous_close=doubt.previous_close,
        trusted_price=doubt.trusted_price,
        trusted_close=doubt.trusted_close,
        periods=doubt.periods,
    )


def _doubt(new: _NewQuote, suspicion: Suspicion) -> Doubt:
    return Doubt(stock=new.stock, quote_kind=settings.QUOTE_KIND, **asdict(suspicion))


def _periods(quote: Quote, last: Quote | None) -> int:
    assert quote.quoted_at is not None  # recorded quotes are stamped
    return due_periods(quote.quoted_at, last.quoted_at if last else None)
