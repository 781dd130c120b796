"""Notifications about events: a seat from the waiting list, changes, new events, reminders.

Each notice is checked again when it is sent (`wanted`), because the state, the time, the seat or
the right to see the event may have changed since it was written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mainapp.accounts.models import User, language_of
from mainapp.accounts.selectors import preferences_of
from mainapp.agenda.models import Event, Order
from mainapp.agenda.rendering.times import when
from mainapp.notifications.models import Notification
from mainapp.notifications.selectors.channels import deliveries_for
from mainapp.notifications.services.inbox import withdraw_notifications
from mainapp.notifications.services.notices import Notice, letters_for, notify_many

SEAT, CHANGED, CANCELLED = "event_seat", "event_changed", "event_cancelled"
NEW, REMINDER = "event_new", "event_reminder"
KINDS = (SEAT, CHANGED, CANCELLED, NEW, REMINDER)
TITLES = {
    SEAT: gettext_noop("Você tem vaga: %(event)s"),
    CHANGED: gettext_noop("Mudou: %(event)s"),
    CANCELLED: gettext_noop("Cancelado: %(event)s"),
    NEW: gettext_noop("Novo evento: %(event)s"),
    REMINDER: gettext_noop("Lembrete: %(event)s"),
}


def notify_promoted(*, orders: Sequence[Order], event: Event, at: datetime) -> None:
    """Notify the people who got seats from the waiting list; no query without orders."""
    _notify(SEAT, [(order.user, event, f"{order.pk}") for order in orders], at)


def notify_cancelled(*, orders: Sequence[Order], event: Event, at: datetime) -> None:
    _notify(CANCELLED, [(order.user, event, f"{order.pk}") for order in orders], at)


def notify_changed(*, orders: Iterable[Order], event: Event, at: datetime) -> None:
    """Notify the people with seats, or waiting for them, of the new time or place."""
    _notify(CHANGED, [(order.user, event, f"{event.sequence}") for order in orders], at)


def notify_reminded(*, reminders: Sequence[Any], at: datetime) -> None:
    rows = [
        (row.user, row.event, f"{row.lead_minutes}.{row.starts_at:%Y%m%d%H%M}") for row in reminders
    ]
    _notify(REMINDER, rows, at)


def notify_new(*, users: Collection[User], events: Sequence[Event], at: datetime) -> None:
    """Notify each user of new events of one audience, in a single notice."""
    last = events[-1]
    if len(events) == 1:
        _notify(NEW, [(user, last, "") for user in users], at)
        return
    destinations = deliveries_for(users, NEW)
    notices = [_folded_notice(user, events, destinations[user.pk]) for user in users]
    notify_many(notices=notices, at=at)


def withdraw_notices(*, user: User, club_pk: int, at: datetime) -> None:
    """Withdraw the notices about a club's events from a user who left the club."""
    events = Event.objects.filter(club=club_pk).values_list("pk", flat=True)
    urls = [reverse("evento", args=[pk]) for pk in events]
    # Notices of several events link to the whole agenda, and have the club in their keys.
    several = Q(kind=NEW, dedupe_key__endswith=f".club{club_pk}")
    notices = Notification.objects.filter(several | Q(kind__in=KINDS, url__in=urls), user=user)
    with translation.override(language_of(user)):
        title = _("Um evento de um clube do qual você saiu")
    withdraw_notifications(
        user=user, ids=list(notices.values_list("pk", flat=True)), title=title, at=at
    )


def wanted(notifications: Collection[Notification]) -> set[int]:
    """Return the notices that still hold for their users. Three queries for each notice."""
    by_event: dict[int, list[Notification]] = defaultdict(list)
    for notice in notifications:
        by_event[int(str(notice.dedupe_key).split(".")[1])].append(notice)
    now = timezone.now()
    return {
        notice.pk
        for event in Event.objects.filter(pk__in=by_event)
        for notice in by_event[event.pk]
        if _is_wanted(notice, event, now)
    }


def _is_wanted(notice: Notification, event: Event, now: datetime) -> bool:
    user = User.objects.filter(pk=notice.user_id or 0, is_active=True).first()
    if user is None or not Event.objects.visible_to(user).filter(pk=event.pk).exists():
        return False
    if notice.kind == CANCELLED:
        return event.is_cancelled
    if event.is_cancelled or event.is_over(now):
        return False
    if notice.kind == NEW:
        return True
    states = Order.OPEN if notice.kind == CHANGED else (Order.State.CONFIRMED,)
    if not Order.objects.filter(event=event, user=user, state__in=states).exists():
        return False
    if notice.kind == REMINDER:
        start = str(notice.dedupe_key).rpartition(".")[2]
        return start == f"{event.starts_at:%Y%m%d%H%M}" and not event.has_begun(now)
    return True


def _notify(kind: str, rows: Sequence[tuple[User, Event, str]], at: datetime) -> None:
    """Write a notice for each user and event; the text of each row makes its key unique."""
    if not rows:
        return
    destinations = deliveries_for([user for user, _event, _name in rows], kind)
    notices = [
        _notice(kind, user, event, name, destinations[user.pk]) for user, event, name in rows
    ]
    notify_many(notices=notices, at=at)


def _notice(kind: str, user: User, event: Event, name: str, destinations: Any) -> Notice:
    key = f"{kind}.{event.pk}.{user.pk}.{name}"
    with translation.override(language_of(user)):
        title = (_(TITLES[kind]) % {"event": event.title})[:200]
        lines = [str(when(event, preferences_of(user).time_zone, year=True))]
        lines += filter(None, (event.place, event.link))
        return Notice(
            user_id=user.pk,
            kind=kind,
            title=title,
            body="\n".join(lines),
            url=event.get_absolute_url(),
            dedupe_key=key,
            deliveries=letters_for(
                destinations=destinations, subject=f"{title} · Pregão", text="", name=key
            ),
        )


def _folded_notice(user: User, events: Sequence[Event], destinations: Any) -> Notice:
    last = events[-1]
    club = f"club{last.club_id}" if last.club_id else "public"
    key = f"{NEW}.{last.pk}.{user.pk}.{club}"
    with translation.override(language_of(user)):
        title = _("%(count)s eventos novos na agenda") % {"count": len(events)}
        zone = preferences_of(user).time_zone
        lines = [f"{event.title}: {when(event, zone)}" for event in events[:10]]
        return Notice(
            user_id=user.pk,
            kind=NEW,
            title=title,
            body="\n".join(lines),
            url=reverse("agenda"),
            dedupe_key=key,
            deliveries=letters_for(
                destinations=destinations, subject=f"{title} · Pregão", text="", name=key
            ),
        )
