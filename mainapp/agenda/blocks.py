"""Blocks of the agenda: the week on the home page, and the next events of a club."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from mainapp.agenda.selectors.events import club_events, coming_events, next_public_events, zone_of
from mainapp.clubs.models import Club, ClubMember
from mainapp.core.blocks import Block, BlockContext
from mainapp.core.policies import MEMBERS

SHOWN = 4


def _week(request: HttpRequest) -> BlockContext:
    """Return the user's week, or the public events if the user has none."""
    at = timezone.now()
    own = coming_events(request.user, at=at, limit=SHOWN)
    events = own or next_public_events(at=at, limit=SHOWN)
    return {"events": events, "is_own": bool(own), "zone_name": zone_of(request.user)}


def _of_club(request: HttpRequest, club: Club, member: ClubMember, **_page: Any) -> BlockContext:
    events = club_events(club.pk, request.user, at=timezone.now(), limit=SHOWN)
    return {"events": events, "zone_name": zone_of(request.user), "manages": member.manages}


BLOCKS = [
    Block(
        place="home",
        name="agenda",
        order=26,
        who=MEMBERS,
        template="mainapp/agenda/home_block.html",
        context=_week,
    ),
    Block(
        place="club",
        name="agenda",
        order=40,
        who=MEMBERS,
        template="mainapp/agenda/club_block.html",
        context=_of_club,
    ),
]
