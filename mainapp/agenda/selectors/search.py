"""Events in the site's search."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.agenda.models import Event
from mainapp.agenda.rendering.times import when
from mainapp.agenda.selectors.events import events_for, zone_of
from mainapp.core.search import Result, Section
from mainapp.market.symbols import fold

MIN_LENGTH = 2


def find_events(text: str, *, user: Any, limit: int) -> list[Result]:
    """Return the events with every word that the user may see, the next ones first.

    One query, and those for the user's preferences.
    """
    words = fold(text).split()
    if not words:
        return []
    now = timezone.now()
    rows = events_for(user, at=now).filter(state=Event.State.ACTIVE)
    for word in words:
        rows = rows.filter(search_text__contains=word)
    coming = list(rows.filter(starts_at__gte=now).order_by("starts_at", "pk")[:limit])
    past: list[Event] = []
    if len(coming) < limit:
        past = list(rows.filter(starts_at__lt=now).order_by("-starts_at")[: limit - len(coming)])
    zone_name = zone_of(user)
    return [_result(event, zone_name) for event in (*coming, *past)]


def _result(event: Event, zone_name: str) -> Result:
    return Result(
        title=event.title,
        subtitle=str(when(event, zone_name, year=True)),
        label=event.club.name if event.club else event.get_kind_display(),
        url=event.get_absolute_url(),
        is_private=event.club_id is not None,
    )


def _more_url(text: str) -> str:
    return f"{reverse('agenda')}?{urlencode({'q': text})}"


EVENTS = Section(
    name="events",
    title=_("Agenda"),
    order=25,
    icon="calendar",
    find=find_events,
    min_length=MIN_LENGTH,
    more_url=_more_url,
)
