"""Rights of users in the agenda."""

from typing import Any

from mainapp.agenda.models import Event
from mainapp.agenda.policies import manages_event
from mainapp.clubs.models import Club, ClubMember


def role_in(user: Any, club_pk: int | None) -> str:
    """Return a user's role in a club, "" for non-members and without a club; one query at most."""
    if club_pk is None or user.pk is None:
        return ""
    own = ClubMember.objects.filter(club=club_pk, user=user.pk, club__archived_at=None)
    return own.values_list("role", flat=True).first() or ""


def may_manage(user: Any, event: Event) -> bool:
    """Return whether a user may change an event; one query at most."""
    role = role_in(user, event.club_id)
    return manages_event(user, host_id=event.host_id, club_id=event.club_id, role=role)


def managed_event(pk: int, user: Any) -> Event:
    """Return an event that a user may change. Raises: Event.DoesNotExist."""
    event = Event.objects.visible_to(user).select_related("club", "host").get(pk=pk)
    if not may_manage(user, event):
        raise Event.DoesNotExist
    return event


def managed_clubs(user: Any) -> list[Club]:
    """Return the clubs in which a user makes events, the chosen one first; one query."""
    own = ClubMember.objects.filter(user=user.pk, club__archived_at=None)
    managed = own.exclude(role=ClubMember.Role.MEMBER).select_related("club")
    return [row.club for row in managed.order_by("-is_chosen", "club__name", "club_id")]
