"""Events in the site's search."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.agenda.models import Event
from mainapp.agenda.rendering.times import when
from mainapp.agenda.selectors.events import events_for, zone_of
from mainapp.core.search import Result, Section, list_url
from mainapp.market.selectors.folded import in_search_text

MIN_LENGTH = 2


def find_events(text: str, *, user: Any, limit: int) -> list[Result]:
    """Return the events with every word that the user may see, the next ones first.

    One query, and those for the user's preferences.
    """
    now = timezone.now()
    rows = events_for(user, at=now).filter(in_search_text(text), state=Event.State.ACTIVE)
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


EVENTS = Section(
    name="events",
    title=_("Agenda"),
    order=25,
    icon="calendar",
    find=find_events,
    min_length=MIN_LENGTH,
    more_url=list_url("agenda"),
)
