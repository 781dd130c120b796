"""Periodic notifications: reminders, and changes and new events, which are collected first."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mainapp.accounts.models import Block, User
from mainapp.agenda.models import Event, Order, Reminder
from mainapp.agenda.policies import DAY, FOLD, HOUR, LEADS
from mainapp.agenda.services.events import notified_values
from mainapp.agenda.services.notices import notify_changed, notify_new, notify_reminded
from mainapp.clubs.models import ClubMember
from mainapp.notifications.services.notices import lock_numbering

TASK = "notify_agenda"
EVERY_S = 30
BATCH = 500
# Older new events are not announced, for example after the site was down for days.
STALE = timedelta(days=2)


def send_reminders(*, at: datetime) -> int:
    """Write the reminders that are due; return their number.

    There is exactly one for each person, event, lead and start, despite restarts and concurrent
    calls, which wait for each other. A reminder is only for seats that were taken before it was
    due; the one of a day before is written until an hour before the start. One query a lead if
    nothing is due.
    """
    return sum(_remind(lead, at) for lead in LEADS)


def announce_changes(*, at: datetime) -> int:
    """Notify people with seats of events whose time or place changed; return their number."""
    due = Event.objects.filter(notice_due_at__lte=at).order_by("notice_due_at")
    return sum(_announce_change(pk, at) for pk in due.values_list("pk", flat=True)[:BATCH])


def announce_new(*, at: datetime) -> int:
    """Announce the new events of each club, and the public ones, once the oldest is FOLD old.

    A club's events are announced to its members, public ones to the users who follow the agenda;
    not to their host, and not if host and user block each other. Return the number of events.
    """
    new = Event.objects.filter(announced_at=None, state=Event.State.ACTIVE)
    audiences = set(new.filter(created_at__lte=at - FOLD).values_list("club", flat=True))
    return sum(_announce_new(club_pk, at) for club_pk in audiences)


def ensure_announcing() -> None:
    """Schedule the task unless it is scheduled, so that an admin's changes stay."""
    if not PeriodicTask.objects.filter(name=TASK).exists():
        every = IntervalSchedule.objects.create(every=EVERY_S, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=TASK, task=TASK, interval=every, expire_seconds=EVERY_S)


def _due(lead: int, at: datetime) -> QuerySet[Order]:
    written = Reminder.objects.filter(
        event=OuterRef("event"),
        user=OuterRef("user"),
        lead_minutes=lead,
        starts_at=OuterRef("event__starts_at"),
    )
    later = timedelta(minutes=HOUR if lead == DAY else 0)
    return Order.objects.filter(
        ~Exists(written),
        Q(event__club=None) | Q(event__club__archived_at=None),
        state=Order.State.CONFIRMED,
        user__is_active=True,
        event__state=Event.State.ACTIVE,
        event__starts_at__gt=at + later,
        event__starts_at__lte=at + timedelta(minutes=lead),
        confirmed_at__lte=F("event__starts_at") - timedelta(minutes=lead),
    ).exclude(event__is_all_day=True, event__starts_at__lte=at + timedelta(minutes=HOUR))


def _remind(lead: int, at: datetime) -> int:
    if not _due(lead, at).exists():
        return 0
    with transaction.atomic():
        lock_numbering()  # a concurrent call waits, and then finds the rows
        orders = _due(lead, at).select_related("event", "user__preferences").order_by("pk")[:BATCH]
        rows = [
            Reminder(
                event=order.event,
                user=order.user,
                lead_minutes=lead,
                starts_at=order.event.starts_at,
                written_at=at,
            )
            for order in orders
        ]
        earlier = Reminder.objects.filter(lead_minutes=lead)
        pairs = [Q(event=row.event_id, user=row.user_id) for row in rows]
        for start in range(0, len(pairs), 100):
            earlier.filter(_any(pairs[start : start + 100])).delete()
        Reminder.objects.bulk_create(rows)
        notify_reminded(reminders=rows, at=at)
    return len(rows)


def _any(conditions: Collection[Q]) -> Q:
    merged = Q()
    for condition in conditions:
        merged |= condition
    return merged


def _announce_change(pk: int, at: datetime) -> int:
    with transaction.atomic():
        event = Event.objects.select_for_update(of=("self",)).get(pk=pk)
        if event.notice_due_at is None or event.notice_due_at > at:
            return 0
        is_changed = event.told != notified_values(event)
        event.told, event.notice_due_at = {}, None
        event.save(update_fields=["told", "notice_due_at"])
        is_archived = event.club is not None and event.club.archived_at is not None
        if not is_changed or is_archived or event.state != Event.State.ACTIVE or event.is_over(at):
            return 0
        orders = event.orders.filter(state__in=Order.OPEN, user__is_active=True)
        rows = list(orders.select_related("user__preferences"))
        notify_changed(orders=rows, event=event, at=at)
        return len(rows)


def _announce_new(club_pk: int | None, at: datetime) -> int:
    with transaction.atomic():
        lock_numbering()
        new = Event.objects.filter(club=club_pk, announced_at=None, state=Event.State.ACTIVE)
        rows = list(new.order_by("pk"))
        Event.objects.filter(pk__in=[row.pk for row in rows]).update(announced_at=at)
        shown = [row for row in rows if row.created_at > at - STALE and not row.has_begun(at)]
        if shown:
            _notify_audience(club_pk, shown, at)
        return len(shown)


def _notify_audience(club_pk: int | None, events: list[Event], at: datetime) -> None:
    """Notify the audience, in groups of people who get the same events."""
    users = User.objects.filter(is_active=True).select_related("preferences")
    if club_pk is None:
        users = users.filter(preferences__follows_agenda=True)
    else:
        users = users.filter(
            pk__in=ClubMember.objects.filter(club=club_pk, club__archived_at=None).values("user")
        )
    hosts = {event.host_id for event in events if event.host_id}
    blocks = Block.objects.filter(Q(blocker__in=hosts) | Q(blocked__in=hosts))
    apart = set(blocks.values_list("blocker", "blocked"))
    groups: dict[tuple[int, ...], list[User]] = defaultdict(list)
    for user in users:
        own = tuple(
            index
            for index, event in enumerate(events)
            if event.host_id != user.pk
            and not {(event.host_id, user.pk), (user.pk, event.host_id)} & apart
        )
        if own:
            groups[own].append(user)
    for indexes, people in groups.items():
        notify_new(users=people, events=[events[index] for index in indexes], at=at)
