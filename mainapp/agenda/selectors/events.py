"""Lists of events as a reader sees them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.paginator import Page
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from mainapp.accounts.selectors import preferences_of
from mainapp.agenda.models import Event, EventQuerySet, Order
from mainapp.agenda.policies import CANCELLED_SHOWN, FEED_PAST, MAX_DURATION
from mainapp.agenda.rendering.proventos import Entry
from mainapp.agenda.selectors.merging import WithEntries
from mainapp.agenda.sessions import (
    SAO_PAULO,
    day_of,
    is_zone,
    last_day,
    start_of,
    weeks_of,
    zone,
)
from mainapp.clubs.models import ClubMember
from mainapp.clubs.selectors.audience import in_club
from mainapp.core.pages import page_of

PAGE = 30
MAX_IN_MONTH = 1000
SHOWN_A_DAY = 3


def zone_of(user: Any) -> str:
    """Return the zone in which a user, possibly anonymous, reads times; one query at most."""
    name = preferences_of(user).time_zone if user.pk else SAO_PAULO
    return name if is_zone(name) else SAO_PAULO


def events_for(
    user: Any, *, clubs: Sequence[str] = (), at: datetime | None = None
) -> EventQuerySet:
    """Return the events that a user, possibly anonymous, may see, with the state of their order.

    `clubs` has the values of `?club=`. Events that were cancelled long ago are left out.
    """
    rows: EventQuerySet = in_club(Event.objects.all(), clubs, user)  # type: ignore[assignment] # our own class
    since = (at or datetime.now(UTC)) - CANCELLED_SHOWN
    own = Order.objects.filter(event=OuterRef("pk"), user=user.pk, state__in=Order.OPEN)
    rows = rows.filter(
        Q(state=Event.State.ACTIVE) | Q(state=Event.State.CANCELLED, cancelled_at__gt=since)
    )
    return rows.annotate(own_state=Subquery(own.values("state")[:1])).select_related("club", "host")


def event_page(
    rows: Any, number: str | None, *, entries: Sequence[Entry] = (), order: str = "starts_at"
) -> "Page[Event]":
    """Return a page of events with their tags, and of entries between them; two queries."""
    listed: Any = WithEntries(rows.prefetch_related("tags"), entries, order=order)
    listed.read_page(number, size=PAGE)
    return page_of(listed, number, size=PAGE)


def event_seen_by(user: Any, pk: int) -> Event:
    """Return an event; two queries. Raises: Event.DoesNotExist."""
    own = Order.objects.filter(event=OuterRef("pk"), user=user.pk, state__in=Order.OPEN)
    rows = Event.objects.visible_to(user).annotate(own_state=Subquery(own.values("state")[:1]))
    return rows.select_related("club", "host").prefetch_related("tags").get(pk=pk)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month's page with its events, of which the first ones are shown."""

    date: date
    events: Sequence[Event | Entry]
    is_of_month: bool
    is_today: bool

    @property
    def shown(self) -> Sequence[Event | Entry]:
        """All of them, or one less than fit when the number of the others is shown too."""
        return self.events[:SHOWN_A_DAY]

    @property
    def more(self) -> int:
        return len(self.events) - len(self.shown)


def month_weeks(
    rows: Any, *, month: date, zone_name: str, today: date, entries: Sequence[Entry] = ()
) -> Sequence[Sequence[Day]]:
    """Return the weeks of a month, with the events of each day in the reader's zone; one query.

    Entries come before the events of their day.
    """
    weeks = weeks_of(month)
    first, last = weeks[0][0], weeks[-1][-1]
    begins, ends = start_of(first, zone_name), start_of(last + timedelta(days=1), zone_name)
    # All-day events are on the same days in every zone, which may be 14 hours away.
    margin = timedelta(hours=14)
    running = rows.alias(last_at=Coalesce("ends_at", F("starts_at")))
    running = running.filter(starts_at__lt=ends + margin, last_at__gte=begins - margin)
    by_day: dict[date, list[Event | Entry]] = defaultdict(list)
    for entry in entries:
        by_day[entry.day].append(entry)
    for event in running.order_by("starts_at", "pk")[:MAX_IN_MONTH]:
        for day in days_of(event, zone_name):
            by_day[day].append(event)
    return [
        [Day(day, by_day.get(day, []), day.month == month.month, day == today) for day in week]
        for week in weeks
    ]


def days_of(event: Event, zone_name: str) -> Sequence[date]:
    """Return the days of an event in a zone."""
    if event.is_all_day:
        first, last = day_of(event.wall_start), last_day(event.wall_start, event.wall_end)
    else:
        here = zone(zone_name)
        first = event.starts_at.astimezone(here).date()
        # An event that ends at midnight is not on the next day.
        end = event.ends_at - timedelta(microseconds=1) if event.ends_at else event.starts_at
        last = end.astimezone(here).date()
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def coming_events(user: Any, *, at: datetime, limit: int, days: int = 7) -> list[Event]:
    """Return the next events for which a user has seats, or which they or their clubs host.

    One query.
    """
    rows = events_for(user, at=at).filter(_concerning(user), state=Event.State.ACTIVE)
    rows = rows.filter(starts_at__lt=at + timedelta(days=days))
    return list(rows.filter(_not_over(at)).order_by("starts_at", "pk")[:limit])


def next_public_events(*, at: datetime, limit: int, days: int = 7) -> list[Event]:
    """Return the next public events; one query."""
    rows = Event.objects.public().filter(state=Event.State.ACTIVE, starts_at__gt=at)
    return list(rows.filter(starts_at__lt=at + timedelta(days=days)).order_by("starts_at")[:limit])


def club_events(club_pk: int, user: Any, *, at: datetime, limit: int) -> list[Event]:
    """Return the next events of a club of a user; one query."""
    rows = events_for(user, at=at).filter(club=club_pk, state=Event.State.ACTIVE)
    return list(rows.filter(_not_over(at)).order_by("starts_at", "pk")[:limit])


def feed_events(user: Any, *, at: datetime, limit: int) -> list[Event]:
    """Return the events of a user's private calendar since FEED_PAST. Two queries.

    They are the events for which the user has seats, that they host, and of their clubs. Cancelled
    events stay for a while, also for users who had seats.
    """
    rows = events_for(user, at=at).filter(_concerning(user), starts_at__gt=at - FEED_PAST)
    return list(rows.prefetch_related("tags").order_by("starts_at", "pk")[:limit])


def _concerning(user: Any) -> Q:
    own = Order.objects.filter(user=user.pk)
    seated = own.filter(state=Order.State.CONFIRMED).values("event")
    had = own.exclude(state=Order.State.WAITING).values("event")
    clubs = ClubMember.objects.filter(user=user.pk).values("club")
    cancelled = Q(pk__in=had, state=Event.State.CANCELLED)
    return Q(pk__in=seated) | cancelled | Q(host=user.pk) | Q(club__in=clubs)


def _not_over(at: datetime) -> Q:
    # The earliest start bounds the rows that are read: without it, all past events.
    ends = Q(ends_at__gt=at) | Q(ends_at=None, starts_at__gt=at - timedelta(hours=1))
    return Q(starts_at__gt=at - MAX_DURATION) & ends


def totals_of(event: Event) -> Mapping[str, int]:
    """Return the number of orders on the waiting list; one query."""
    return {"waiting": event.orders.filter(state=Order.State.WAITING).count()}
