"""Queries of invitations."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mainapp.accounts.models import Block
from mainapp.clubs.models import Club, ClubMember, Invitation, RemovedMember


def valid_invitations(*, at: datetime) -> QuerySet[Invitation]:
    """Return the invitations of existing clubs by which somebody can still join."""
    rows = Invitation.objects.filter(revoked_at=None, expires_at__gt=at, uses__lt=F("max_uses"))
    return rows.filter(club__archived_at=None)


def invitation_for(key: str, user: Any, *, at: datetime) -> Invitation | None:
    """Return a valid invitation for a user, who may be a member already, with its club; one query.

    Invitations from before the user's removal, and by people with a block in either direction,
    count as unknown.
    """
    removals = RemovedMember.objects.filter(
        club=OuterRef("club"), user=user.pk, removed_at__gte=OuterRef("created_at")
    )
    blocks = Block.objects.filter(
        Q(blocker=user.pk, blocked=OuterRef("created_by"))
        | Q(blocker=OuterRef("created_by"), blocked=user.pk)
    )
    own = ClubMember.objects.filter(club=OuterRef("club"), user=user.pk)
    can_join = Q(pk__in=valid_invitations(at=at).filter(key=key).values("pk"))
    can_join &= ~Exists(removals) & ~Exists(blocks)
    rows = Invitation.objects.filter(can_join | Exists(own), key=key, club__archived_at=None)
    return rows.select_related("club", "created_by").first()


def invitations_of(club: Club, *, at: datetime) -> list[Invitation]:
    """Return the valid invitations of a club, the newest first; one query."""
    return list(valid_invitations(at=at).filter(club=club).select_related("created_by"))
