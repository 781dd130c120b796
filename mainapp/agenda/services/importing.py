"""Importing the events of a calendar file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.agenda.models import Event
from mainapp.agenda.policies import CALENDAR_IMPORTS, MAX_TAGS
from mainapp.agenda.readers.calendars import ReadEvent, read_calendar
from mainapp.agenda.services.events import create_event, is_link
from mainapp.agenda.sessions import is_zone
from mainapp.clubs.models import Club
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.names import is_plain_text


@dataclass(frozen=True, slots=True)
class Imported:
    """The numbers of created events, and of events that had been imported before."""

    created: int
    known: int


def import_calendar(
    *, host: User, club: Club | None, data: bytes, zone_name: str, at: datetime
) -> Imported:
    """Create the events of a file that were not imported before, all or none of them.

    UID and RECURRENCE-ID identify an event of a host and audience. Times without a zone are in
    `zone_name`. Public events count towards EVENTS_A_DAY. Raises: DomainError, RateLimited.
    """
    check_not_suspended(host, at=at)
    # Before the file is read, which is the expensive part.
    with transaction.atomic():
        check_and_increment_quota(host, CALENDAR_IMPORTS, at=at)
    events = {_key(host, club, event): event for event in read_calendar(data, at=at)}
    with transaction.atomic():
        # One import of a user at a time, so that a second one finds the rows of the first.
        User.objects.select_for_update().get(pk=host.pk)
        known = set(
            Event.objects.filter(import_key__in=events).values_list("import_key", flat=True)
        )
        new = {key: event for key, event in events.items() if key not in known}
        for key, event in new.items():
            fields = _fields(event, zone_name)
            create_event(host=host, club=club, fields=fields, at=at, import_key=key)
    return Imported(len(new), len(known))


def _key(host: User, club: Club | None, event: ReadEvent) -> str:
    parts = (str(host.pk), str(club.pk if club else 0), event.uid, event.recurrence)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _fields(event: ReadEvent, zone_name: str) -> Mapping[str, Any]:
    return {
        "kind": Event.Kind.MEETING,
        "title": _clean(event.title)[:120] or "—",
        "description": _clean(event.description)[:4000],
        "place": _clean(event.place)[:200],
        "link": event.link if is_link(event.link) else "",
        "time_zone": event.zone if is_zone(event.zone) else zone_name,
        "wall_start": event.start,
        "wall_end": event.end,
        "is_all_day": event.is_all_day,
        "tags": event.tags[:MAX_TAGS],
    }


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    return text if is_plain_text(text) else ""
