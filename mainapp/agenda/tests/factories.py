"""Factories of events and clubs."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.text import slugify

from mainapp.accounts.models import User
from mainapp.agenda.models import Event
from mainapp.agenda.services.events import create_event
from mainapp.agenda.sessions import SAO_PAULO, wall_of
from mainapp.clubs.models import Club, ClubMember


def make_event(host: User | None = None, *, hours: float = 72, club: Any = None, **fields: Any):
    """Create an event that starts `hours` from now, of `host` or else of a new member of staff."""
    at = fields.pop("at", None) or timezone.now()
    if host is None:
        host, _is_new = User.objects.get_or_create(
            username="staff", defaults={"access_level": User.Access.SUPPORT}
        )
    values = {
        "title": "Encontro",
        "time_zone": SAO_PAULO,
        "wall_start": wall_of(at + timedelta(hours=hours), SAO_PAULO),
    }
    return create_event(host=host, club=club, fields=values | fields, at=at, is_counted=False)


def fill(count: int, *, club: Any = None, host: Any = None) -> None:
    """Insert events at once, one hour apart."""
    at = timezone.now()
    Event.objects.bulk_create(
        Event(
            title=f"Evento {n}",
            club=club,
            host=host,
            uid=f"{club}-{n}-{count}",
            wall_start=wall_of(at + timedelta(hours=n + 1), SAO_PAULO),
            starts_at=at + timedelta(hours=n + 1),
            created_at=at,
            changed_at=at,
            search_text=f"evento {n}",
            seats=5,
        )
        for n in range(count)
    )


def make_club(owner: User, *members: User, name: str = "Clube") -> Club:
    at = timezone.now()
    club = Club.objects.create(name=name, slug=slugify(name), created_at=at)
    ClubMember.objects.create(club=club, user=owner, role="owner", joined_at=at)
    for member in members:
        ClubMember.objects.create(club=club, user=member, joined_at=at)
    return club
