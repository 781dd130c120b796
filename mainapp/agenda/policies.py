"""Permissions in the agenda, its limits, and the rules of seats and reminders."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.accounts.policies import is_staff_level
from mainapp.core.limits import DAY_S, OPEN, Limit, Quota
from mainapp.core.policies import (
    EVERYONE,
    HOST,
    MEMBERS,
    OWNER,
    STAFF,
    Area,
    action,
    form,
    operation,
    page,
)

# Public events by one user. Staff are not limited, nor are managers of clubs in their club.
NEW_EVENTS = Quota(name="events", label=_("eventos novos"), seed="EVENTS_A_DAY", window_s=DAY_S)
# Enrolments, changes and cancellations by one user.
ENROLMENTS = Limit(
    "enrolments", 30, 60.0, _("Pedidos demais; espere um pouco."), without_redis=OPEN
)
CALENDAR_IMPORTS = Quota(
    name="calendars", label=_("importações de agenda"), seed="IMPORTS_A_DAY", window_s=DAY_S
)

MAX_SEATS_A_PERSON = 4
MAX_SEATS = 100_000
MAX_TAGS = 8
MAX_PRICE = 1_000_000
MAX_DURATION = timedelta(days=31)
# Reminders, by their lead in minutes: a day and an hour before the start.
DAY, HOUR = 24 * 60, 60
LEADS = (DAY, HOUR)
# Changes and new events are collected for this long, and announced together.
FOLD = timedelta(minutes=10)
# A cancelled event stays in calendar files for this long, as cancelled.
CANCELLED_SHOWN = timedelta(days=14)
# Events of one exported calendar; the newest of a feed go back this far.
MAX_EXPORTED = 2000
FEED_PAST = timedelta(days=90)


def manages_event(user: Any, *, host_id: int | None, club_id: int | None, role: str) -> bool:
    """Return whether a user may change an event: its host, staff, or a manager of its club.

    `role` is the user's role in the club of the event, empty if they are not a member: then the
    event does not exist for them, even if they are staff or its host.
    """
    if not user.is_authenticated or not user.is_active:
        return False
    if club_id is not None:
        return bool(role) and (role != "member" or user.pk == host_id)
    return user.pk == host_id or is_staff_level(user)


PAGES = {
    "agenda": page(EVERYONE),
    "agenda-file": page(EVERYONE),
    "own-orders": page(MEMBERS),
    "calendar-link": form(MEMBERS),
    "calendar-feed": page(EVERYONE, of="calendar link"),
    "import-calendar": form(MEMBERS),
    "novo-evento": form(MEMBERS),
    "evento": page(EVERYONE, of="event"),
    "event-file": page(EVERYONE, of="event"),
    "enrol-event": action(MEMBERS, of="event"),
    "give-back-seat": action(MEMBERS, of="event"),
    "update-event": form(HOST | STAFF, of="event"),
    "cancel-event": form(HOST | STAFF, of="event"),
    "event-orders": page(HOST | STAFF, of="event"),
    "mark-order": action(HOST | STAFF, of="order"),
}

OPERATIONS = {
    "api-events": operation(Area.AGENDA, get=EVERYONE, post=MEMBERS),
    "api-event": operation(Area.AGENDA, get=EVERYONE, patch=HOST | STAFF, delete=HOST | STAFF),
    "api-enrol": operation(Area.AGENDA, post=MEMBERS, delete=MEMBERS),
    "api-event-orders": operation(Area.AGENDA, get=HOST | STAFF),
    "api-orders": operation(Area.AGENDA, get=MEMBERS, post=MEMBERS),
    "api-order": operation(Area.AGENDA, get=OWNER | HOST | STAFF, patch=HOST | STAFF, delete=OWNER),
    "api-courses": operation(Area.AGENDA, get=EVERYONE, post=MEMBERS),
}
