"""Judging a recorded batch: what fires becomes rows, in the transaction that records the quotes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Max, OuterRef, Subquery

from mainapp.alerts.conditions import KINDS, Look, State, advance, due_periods, wake
from mainapp.alerts.models import Alert, Condition, Doubt, Firing
from mainapp.alerts.quotes import Suspicion, is_fresh, judge, suspicion_of
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
from mainapp.market.quotes import Quote

MOVED = ["phase", "holding_since", "crossing", "measure", "level"]


@dataclass(slots=True)
class _Seen:
    """A stock's quote in a batch, the one before it, and the looks that it is."""

    stock: Stock
    quote: Quote
    last: Quote | None
    periods: int

    @property
    def look(self) -> Look:
        assert self.quote.quoted_at is not None  # recorded quotes are stamped
        return Look(
            price=self.quote.price, change_pct=self.quote.change_pct, at=self.quote.quoted_at
        )

    @property
    def probes(self) -> Iterable[Probe]:
        return probes(self.stock.pk, self.look, self.periods)


@dataclass(slots=True)
class Outcome:
    """What a look changes, before it is written."""

    moved: list[Condition] = field(default_factory=list)
    firings: list[Firing] = field(default_factory=list)


def evaluate_batch(
    *,
    quotes: Iterable[Quote],
    last: Mapping[str, Quote],
    stocks: Mapping[str, Stock],
    at: datetime,
) -> list[Firing]:
    """Fire what a batch of accepted quotes makes fire; `last` holds those accepted before.

    Runs inside the transaction that records them, with the stocks locked. One query when nothing
    moves; else a number that depends on neither alerts nor symbols. Stale quotes are passed over.
    """
    seen = {
        (stock := stocks[quote.symbol]).pk: _Seen(
            stock, quote, last.get(quote.symbol), _periods(quote, last.get(quote.symbol))
        )
        for quote in quotes
        if quote.symbol in stocks and is_fresh(quote, at=at)
    }
    since = min((one.look.at for one in seen.values()), default=at)
    wanted = [probe for one in seen.values() for probe in one.probes]
    woken = woken_by(wanted, simulated=settings.SIMULATED, since=since)
    woken_pks, trusted = woken.conditions, seen
    if woken.doubts or any(_is_doubtful(one) for one in seen.values()):
        trusted, waited = _settle_doubts(seen, doubts_by_pk(woken.doubts))
        again = [probe for one in waited for probe in one.probes]
        woken_pks = (
            woken_pks + woken_by(again, simulated=settings.SIMULATED, since=since).conditions
        )
    return _judge(conditions_by_pk(woken_pks), trusted, at)


def _judge(conditions: list[Condition], seen: Mapping[int, _Seen], at: datetime) -> list[Firing]:
    outcome = Outcome()
    for condition in sorted(conditions, key=lambda c: (c.alert_id, KINDS.index(c.kind))):
        if one := seen.get(condition.stock_id):
            advance_condition(condition, one.quote, one.look, at=at, into=outcome)
    write_outcome(outcome)
    return outcome.firings


def advance_condition(
    condition: Condition, quote: Quote, look: Look, *, at: datetime, into: Outcome
) -> None:
    """Move one condition by one look, and its alert with it, in memory."""
    alert = condition.alert
    if alert.status != Alert.Status.ACTIVE or look.at > alert.expires_at:
        return
    before = condition.state
    after, fires = advance(condition.terms, before, look, last_fired_at=alert.last_fired_at)
    if after == before:
        return
    put_state(condition, after)
    into.moved.append(condition)
    if fires:
        condition.crossing += 1
        into.firings.append(_firing(condition, quote, look, at))
        alert.last_fired_at = look.at
        if alert.recurrence == Alert.Recurrence.ONCE:
            alert.status = Alert.Status.TRIGGERED


def put_state(condition: Condition, state: State) -> None:
    """Put a state into a condition, with what wakes it from there."""
    found = wake(condition.terms, state)
    condition.phase, condition.holding_since = state.phase, state.since
    condition.measure, condition.level = found.measure, level_of(found)


def _firing(condition: Condition, quote: Quote, look: Look, at: datetime) -> Firing:
    return Firing(
        alert=condition.alert,
        kind=condition.kind,
        crossing=condition.crossing,
        limit=condition.terms.limit,
        price=quote.price,
        change_pct=quote.change_pct,
        quoted_at=look.at,
        quoted_at_estimated=quote.quoted_at_estimated,
        source=quote.source,
        delay_s=quote.delay_s,
        simulated=quote.simulated,
        fired_at=at,
    )


def write_outcome(outcome: Outcome) -> None:
    """Write what moved and what fired; the number of queries is fixed (SQLite splits long ones)."""
    if outcome.moved:
        Condition.objects.bulk_create(
            outcome.moved, update_conflicts=True, unique_fields=["pk"], update_fields=MOVED
        )
    if not outcome.firings:
        return
    announce_firings(firings=outcome.firings)
    Firing.objects.bulk_create(outcome.firings)
    fired = {firing.alert_id for firing in outcome.firings}
    newest = Firing.objects.filter(alert=OuterRef("pk")).order_by().values("alert")
    Alert.objects.filter(pk__in=fired).update(
        last_fired_at=Subquery(newest.values(newest=Max("quoted_at")))
    )
    spent = Alert.objects.filter(pk__in=fired, recurrence=Alert.Recurrence.ONCE)
    spent.update(status=Alert.Status.TRIGGERED)
    Condition.objects.filter(alert__in=fired, alert__recurrence=Alert.Recurrence.ONCE).update(
        is_live=False
    )


def _is_doubtful(one: _Seen) -> bool:
    return judge(one.quote, last=one.last, suspicion=None) == "doubtful"


def _settle_doubts(
    seen: Mapping[int, _Seen], doubts: Mapping[int, Doubt]
) -> tuple[dict[int, _Seen], list[_Seen]]:
    """Return the stocks to judge, and those whose looks waited for a confirming quote.

    What is doubtful is remembered, what is settled forgotten; a split pauses the stock's alerts.
    """
    trusted, waited, remembered = {}, [], []
    for pk, one in seen.items():
        suspicion = _suspicion(doubts.get(pk))
        verdict = judge(one.quote, last=one.last, suspicion=suspicion)
        if verdict == "doubtful" and one.last is not None:
            kept = suspicion_of(one.quote, last=one.last, periods=one.periods, before=suspicion)
            remembered.append(_doubt(one, kept))
        elif verdict == "split":
            pause_split_stock(stock=one.stock)
        else:
            trusted[pk] = one
            if suspicion and suspicion.periods & ~one.periods:
                one.periods |= suspicion.periods
                waited.append(one)
    settled = doubts.keys() - {doubt.stock_id for doubt in remembered}
    Doubt.objects.filter(stock__in=settled, simulated=settings.SIMULATED).delete()
    Doubt.objects.bulk_create(
        remembered,
        update_conflicts=True,
        unique_fields=["stock", "simulated"],
        update_fields=["price", "previous_close", "trusted_price", "trusted_close", "periods"],
    )
    return trusted, waited


def pause_split_stock(*, stock: Stock) -> None:
    """Pause the living alerts of a stock whose price was divided, and tell their owners."""
    alerts = list(
        Alert.objects.filter(
            ativo=stock, status=Alert.Status.ACTIVE, simulated=settings.SIMULATED
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
        price=doubt.price,
        previous_close=doubt.previous_close,
        trusted_price=doubt.trusted_price,
        trusted_close=doubt.trusted_close,
        periods=doubt.periods,
    )


def _doubt(one: _Seen, suspicion: Suspicion) -> Doubt:
    return Doubt(stock=one.stock, simulated=settings.SIMULATED, **asdict(suspicion))


def _periods(quote: Quote, last: Quote | None) -> int:
    assert quote.quoted_at is not None  # recorded quotes are stamped
    return due_periods(quote.quoted_at, last.quoted_at if last else None)
