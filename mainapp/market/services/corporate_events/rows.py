"""Writing of merged events: new rows, changed ones, and those that were withdrawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from mainapp.market.models import CorporateEvent, Stock, Strength
from mainapp.market.quotes.reported import SAME_DAY, MergedEvent, is_same_value, pairs_of
from mainapp.market.selectors.source_words import source_label
from mainapp.market.selectors.successions import SPLITS
from mainapp.market.sessions import sao_paulo_day

# What readers have to hear about, and calendars too.
ANNOUNCED = ("kind", "ex_on", "pay_on", "amount", "ratio")
Status = CorporateEvent.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Numbers of rows that a report changed."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.withdrawn)


def write_events(
    *,
    stock: Stock,
    merged: Sequence[MergedEvent],
    read_at: Mapping[str, datetime],
    since: date,
    at: datetime,
) -> Changes:
    """Make a stock's reported rows equal to the merged events; rows before `since` stay.

    An event of the catalogue gets the sources' names instead of a second row.
    """
    ours = Q(is_reported=True, simulated=settings.QUOTE_KIND != "real")
    rows = list(CorporateEvent.objects.filter(ours | Q(is_reported=False), stock=stock))
    known = [row for row in rows if not row.is_reported]
    new: list[MergedEvent] = []
    catalogued: list[MergedEvent] = []
    for event in merged:
        (catalogued if _add_to_catalogue(known, event) else new).append(event)
    reported = [row for row in rows if row.is_reported and row.ex_on]
    pairs = pairs_of(reported, new)
    reported = _without_catalogued(reported, pairs, catalogued)
    changed = sum(_update(row, event, read_at, at) for row, event in pairs)
    paired = {id(each) for pair in pairs for each in pair}
    added = [_new_row(stock, event, read_at, at) for event in new if id(event) not in paired]
    CorporateEvent.objects.bulk_create(added)
    gone = [row for row in reported if id(row) not in paired and row.ex_on and row.ex_on >= since]
    return Changes(added=len(added), changed=changed, withdrawn=_withdraw(gone, at))


def _without_catalogued(
    rows: Sequence[CorporateEvent],
    pairs: Iterable[tuple[CorporateEvent, MergedEvent]],
    catalogued: Sequence[MergedEvent],
) -> list[CorporateEvent]:
    """Delete the rows of events that the catalogue has by now; return the others."""
    paired = {id(row) for row, _event in pairs}
    free = [row for row in rows if id(row) not in paired]
    known = {row.pk for row, _event in pairs_of(free, catalogued)}
    if known:
        CorporateEvent.objects.filter(pk__in=known).delete()
    return [row for row in rows if row.pk not in known]


def _add_to_catalogue(known: Iterable[CorporateEvent], event: MergedEvent) -> bool:
    """Add the sources of an event to the catalogue's row of it; return whether there is one."""
    for row in known:
        if not _is_event_of(row, event):
            continue
        sources = " ".join(event.sources)
        pay_on, amount = row.pay_on or event.pay_on, row.amount or event.amount
        if (row.sources, row.pay_on, row.amount) != (sources, pay_on, amount):
            row.sources, row.pay_on, row.amount = sources, pay_on, amount
            row.save(update_fields=["sources", "pay_on", "amount"])
        return True
    return False


def _is_event_of(row: CorporateEvent, event: MergedEvent) -> bool:
    if row.ex_on is None or (row.kind in SPLITS) != (event.kind in SPLITS):
        return False
    if row.kind in SPLITS:
        is_same = row.ratio is None or event.ratio is None or is_same_value(row.ratio, event.ratio)
        return row.successor_id is None and is_same and abs(row.ex_on - event.ex_on) <= SAME_DAY
    is_same = row.amount is None or is_same_value(row.amount, event.amount)
    return row.kind == event.kind and is_same and row.ex_on == event.ex_on


def _new_row(
    stock: Stock, event: MergedEvent, read_at: Mapping[str, datetime], at: datetime
) -> CorporateEvent:
    return CorporateEvent(
        stock=stock,
        is_reported=True,
        simulated=settings.QUOTE_KIND != "real",
        changed_at=at,
        **_values(event, read_at),
    )


def _update(
    row: CorporateEvent, event: MergedEvent, read_at: Mapping[str, datetime], at: datetime
) -> bool:
    """Update a row from an event; return whether something that readers know has changed."""
    if row.is_corrected:
        return False
    values = _values(event, read_at)
    former = {
        name: _text(getattr(row, name)) for name in ANNOUNCED if getattr(row, name) != values[name]
    }
    is_back = row.withdrawn_at is not None
    if former:
        values |= {"former": former}
    if former or is_back:
        values |= {"revision": row.revision + 1, "changed_at": at, "withdrawn_at": None}
    elif row.status != values["status"]:
        values |= {"changed_at": at}
    if any(getattr(row, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=[*values])
    return bool(former) or is_back


def _withdraw(rows: Iterable[CorporateEvent], at: datetime) -> int:
    count = 0
    for row in rows:
        if row.withdrawn_at is None and not row.is_corrected:
            row.withdrawn_at, row.changed_at, row.revision = at, at, row.revision + 1
            row.save(update_fields=["withdrawn_at", "changed_at", "revision"])
            count += 1
    return count


def _values(event: MergedEvent, read_at: Mapping[str, datetime]) -> dict[str, Any]:
    """Return the columns of an event. It happened if a source reports it on its day or later."""
    newest = max(read_at[name] for name in event.sources)
    has_happened = sao_paulo_day(newest) >= event.ex_on
    return {
        "kind": event.kind,
        "ex_on": event.ex_on,
        "pay_on": event.pay_on,
        "amount": event.amount,
        "ratio": event.ratio,
        "is_date_sure": event.is_day_sure,
        "is_ratio_sure": event.ratio is not None and event.is_value_sure,
        "status": Status.HAPPENED if has_happened else Status.ANNOUNCED,
        "strength": Strength.SEVERAL if len(event.sources) > 1 else Strength.SINGLE,
        "source": ", ".join(source_label(name) for name in event.sources),
        "sources": " ".join(event.sources),
        "others": {name: str(value) for name, value in event.others.items()} or None,
    }


def _text(value: Any) -> str:
    """Return a former value as a text: a number without trailing zeros, a day, or "" for none."""
    if value is None:
        return ""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
