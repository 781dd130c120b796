"""Recording of one source's report about a stock."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from mainapp.market.models import EventReport, Stock
from mainapp.market.quotes.reported import (
    MAX_EVENTS,
    EventFault,
    MergedEvent,
    ReportedEvent,
    event_fault,
    merged_events,
    with_absent,
)
from mainapp.market.services.corporate_events.rows import Changes, write_events
from mainapp.market.services.recording import count_rejections
from mainapp.market.sessions import sao_paulo_day

# Who knows more decides the details: brapi has kinds and paydays, Yahoo one sum a day.
PREFERRED = ("brapi", "fmp", "yahoo")
# An event before this is not withdrawn because a source no longer reports it.
WITHDRAWABLE = timedelta(days=30)
KEPT = timedelta(days=5 * 366)


@transaction.atomic
def record_report(
    *, stock: Stock, source: str, events: Iterable[ReportedEvent], at: datetime
) -> Changes:
    """Record the events of a stock that a source reported at `at`, and update the stock's events.

    Impossible ones are refused and counted. Safe to repeat: the same report changes nothing.
    """
    # Two sources' reports about a stock are merged one after the other.
    Stock.objects.select_for_update(no_key=True).get(pk=stock.pk)
    today = sao_paulo_day(at)
    report = EventReport.objects.get_or_create(
        stock=stock, source=source, simulated=settings.QUOTE_KIND != "real"
    )[0]
    possible, faults = _checked(events, today=today, currency=stock.currency)
    for reason, count in faults.items():
        count_rejections(source=source, reason=reason, symbol=stock.symbol, count=count, at=at)
    old = [event for event in stored_events(report) if event.ex_on and event.ex_on >= today - KEPT]
    # An impossible event may be one of the absent ones, so those stay as they are this time.
    since = date.max if faults else today - WITHDRAWABLE
    kept = with_absent(old=old, new=possible, since=since, at=at)[:MAX_EVENTS]
    report.events = [_to_json(event) for event in kept]
    report.read_at, report.is_wanted = at, False
    report.save()
    merged, read_at = _merged(stock)
    return write_events(
        stock=stock, merged=merged, read_at=read_at, since=today - WITHDRAWABLE, at=at
    )


def stored_events(report: EventReport) -> list[ReportedEvent]:
    """Return the events of a stored report."""
    return [_from_json(values) for values in report.events]


def _checked(
    events: Iterable[ReportedEvent], *, today: date, currency: str
) -> tuple[list[ReportedEvent], Mapping[EventFault, int]]:
    """Return the possible events, at most the newest MAX_EVENTS, and the numbers of the others."""
    possible, faults = [], Counter[EventFault]()
    for event in dict.fromkeys(events):
        if fault := event_fault(event, today=today, currency=currency):
            faults[fault] += 1
        else:
            possible.append(event)
    if len(possible) > MAX_EVENTS:
        faults["event_count"] = len(possible) - MAX_EVENTS
        possible.sort(key=lambda event: event.ex_on or date.min, reverse=True)
    return possible[:MAX_EVENTS], faults


def _merged(stock: Stock) -> tuple[Sequence[MergedEvent], Mapping[str, datetime]]:
    """Return the events of all reports about a stock, and when each source was read."""
    rows = EventReport.objects.filter(stock=stock, simulated=settings.QUOTE_KIND != "real")
    reports = {row.source: row for row in rows.exclude(read_at=None)}
    names = sorted(reports, key=lambda name: (_place(name), name))
    events = {name: stored_events(reports[name]) for name in names}
    return merged_events(events), {name: reports[name].read_at for name in names}  # type: ignore[misc] # see exclude


def _place(source: str) -> int:
    return PREFERRED.index(source) if source in PREFERRED else len(PREFERRED)


def _to_json(event: ReportedEvent) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(event).items() if value not in (None, "")}


def _from_json(values: Mapping[str, str]) -> ReportedEvent:
    return ReportedEvent(**{"ex_on": None, **{n: _READ[n](text) for n, text in values.items()}})


_DECIMALS, _DAYS = ("amount", "ratio"), ("ex_on", "pay_on")
_READ: Mapping[str, Any] = {
    **{field.name: str for field in fields(ReportedEvent)},
    **dict.fromkeys(_DECIMALS, Decimal),
    **dict.fromkeys(_DAYS, date.fromisoformat),
    "absent_since": datetime.fromisoformat,
}
