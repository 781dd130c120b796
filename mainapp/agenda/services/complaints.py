"""Events as a subject of complaints. Those about a club's event are decided by its managers."""

from typing import Any

from mainapp.agenda.models import Event
from mainapp.agenda.services.events import remove_event
from mainapp.clubs.selectors.audience import CLUB
from mainapp.core.audience import key_of
from mainapp.moderation.subjects import Evidence, Subject

EVENT = "event"


def find_event(pk: int, reader: Any) -> Evidence | None:
    """Return an event that the reader may see; one query."""
    event = Event.objects.visible_to(reader).filter(pk=pk).first()
    if event is None:
        return None
    text = "\n".join(filter(None, (event.title, event.place, event.link, event.description)))
    return Evidence(
        kind=EVENT,
        pk=pk,
        person_id=event.host_id,
        url=event.get_absolute_url(),
        scope=key_of(CLUB, event.club_id) if event.club_id else "",
        is_private=event.club_id is not None,
        lines=[{"text": text, "author": event.host_id, "is_reported": True}],
    )


SUBJECT = Subject(kind=EVENT, find=find_event, remove=remove_event)
