"""Clubs as a subject of complaints, and their managers as moderators of what belongs to them."""

from datetime import datetime
from typing import Any

from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.selectors.audience import CLUB
from mainapp.clubs.services.clubs import archive_locked
from mainapp.moderation.subjects import Evidence, Subject


def find_club(pk: int, reader: Any) -> Evidence | None:
    """Return the texts of one of the reader's clubs; two queries.

    Staff decide the complaint, and see only this copy. The oldest owner counts as the author.
    """
    club = Club.objects.visible_to(reader).filter(pk=pk).first()
    if club is None:
        return None
    owner = ClubMember.objects.filter(club=club, role=ClubMember.Role.OWNER).first()
    text = "\n".join(filter(None, (club.name, club.description)))
    return Evidence(
        kind=CLUB,
        pk=pk,
        person_id=owner.user_id if owner else None,
        url=club.get_absolute_url(),
        lines=[{"text": text, "author": None, "is_reported": True}],
        is_private=True,
    )


def remove_club(pk: int, _actor: Any, at: datetime) -> None:
    """Archive a club by the decision of a case. Safe to repeat."""
    clubs = Club.objects.select_for_update(no_key=True)
    if club := clubs.filter(pk=pk, archived_at=None).first():
        archive_locked(club, at=at)


def moderates_club(user: Any, scope: str) -> bool:
    """Return whether a user manages the club of a scope like `club:3`; one query."""
    kind, _colon, pk = scope.partition(":")
    if kind != CLUB or user.pk is None:
        return False
    own = ClubMember.objects.filter(club=int(pk), user=user.pk, club__archived_at=None)
    return own.exclude(role=ClubMember.Role.MEMBER).exists()


SUBJECT = Subject(kind=CLUB, find=find_club, remove=remove_club, moderates=moderates_club)
