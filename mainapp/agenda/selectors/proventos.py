"""The days of the corporate events of the stocks that a reader holds or follows.

They are nobody else's: what is in a list shows what its reader holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from mainapp.agenda.models import Event
from mainapp.agenda.policies import CANCELLED_SHOWN
from mainapp.agenda.rendering.proventos import Entry, entries_of
from mainapp.market.models import CorporateEvent
from mainapp.market.selectors.interests import is_of_interest
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.symbols import fold

MAX_EVENTS = 500
LAST_DAY = date(9999, 12, 31)
# Removals from an index are no dates that owners of the stock wait for.
KINDS = [kind for kind in CorporateEvent.Kind.values if kind != CorporateEvent.Kind.INDEX_REMOVAL]


def own_entries(
    user: Any, *, first: date, last: date = LAST_DAY, withdrawn_since: datetime | None = None
) -> list[Entry]:
    """Return the entries of a user's stocks from one day to another, by day. One query.

    None for an anonymous user. Withdrawn events are left out, except those since a moment.
    """
    if user.pk is None:  # saves the query
        return []
    in_force = Q(withdrawn_at=None)
    if withdrawn_since:
        in_force |= Q(withdrawn_at__gt=withdrawn_since)
    events = CorporateEvent.objects.of_this_run().filter(
        in_force,
        is_of_interest(user),
        Q(ex_on__range=(first, last)) | Q(pay_on__range=(first, last)),
        kind__in=KINDS,
    )
    rows = events.select_related("stock").order_by("ex_on", "pk")[:MAX_EVENTS]
    entries = [each for event in rows for each in entries_of(event) if first <= each.day <= last]
    return sorted(entries, key=lambda entry: (entry.day, entry.event.pk, entry.moment))


def listed_entries(
    user: Any, filters: Mapping[str, Any], *, today: date, is_of_club: bool
) -> list[Entry]:
    """Return the entries that belong into a list with these filters of events; one query at most.

    Without a first day, those from today on.
    """
    if is_of_club or not _may_be_listed(filters):
        return []
    first = _day(filters.get("start_from")) or today
    last = _day(filters.get("start_to")) or LAST_DAY
    return _with_words(own_entries(user, first=first, last=last), filters.get("q") or "")


def entries_of_weeks(
    user: Any,
    filters: Mapping[str, Any],
    weeks: Sequence[Sequence[date]],
    *,
    is_of_club: bool,
) -> list[Entry]:
    """Return the entries of a month's page with these filters; one query at most."""
    if is_of_club or not _may_be_listed(filters):
        return []
    first = max(filter(None, (weeks[0][0], _day(filters.get("start_from")))))
    last = min(filter(None, (weeks[-1][-1], _day(filters.get("start_to")))))
    return _with_words(own_entries(user, first=first, last=last), filters.get("q") or "")


def feed_entries(user: Any, *, at: datetime, past: timedelta) -> list[Entry]:
    """Return the entries of a user's private calendar, withdrawn ones for some time. One query."""
    first = sao_paulo_day(at - past)
    return own_entries(user, first=first, withdrawn_since=at - CANCELLED_SHOWN)


def _may_be_listed(filters: Mapping[str, Any]) -> bool:
    """Return whether filters of events let entries through, which are free and have no tags."""
    kinds = filters.get("kind")
    return not (
        (kinds and Event.Kind.PROVENTOS not in kinds)
        or filters.get("tags")
        or filters.get("is_free") is False
        or filters.get("price_min")
    )


def _with_words(entries: Iterable[Entry], text: str) -> list[Entry]:
    words = fold(text).split()
    return [
        entry
        for entry in entries
        if not words
        or all(word in fold(f"{entry.title} {entry.event.stock.name}") for word in words)
    ]


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return sao_paulo_day(value) if value.tzinfo else value.date()
    return value if isinstance(value, date) else None
