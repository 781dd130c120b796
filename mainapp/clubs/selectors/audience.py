"""The members of a club as an audience, and the filter `?club=` of lists."""

from collections.abc import Collection, Sequence
from typing import Any

from mainapp.clubs.models import Club, ClubMember, ClubScopedQuerySet, M
from mainapp.core.audience import Audience

CLUB = "club"


def is_member(user: Any, pk: int) -> bool:
    """Return whether a user, possibly anonymous, is a member of an existing club; one query."""
    if user.pk is None:
        return False
    return ClubMember.objects.filter(club=pk, user=user.pk, club__archived_at=None).exists()


def clubs_of(user: Any) -> list[int]:
    """Return the ids of the clubs of a user, possibly anonymous; one query."""
    if user.pk is None:
        return []
    rows = ClubMember.objects.filter(user=user.pk, club__archived_at=None)
    return list(rows.order_by().values_list("club", flat=True))


def manages(user: Any, pk: int) -> bool:
    """Return whether a user, possibly anonymous, manages an existing club; one query."""
    if user.pk is None:
        return False
    rows = ClubMember.objects.filter(club=pk, user=user.pk, club__archived_at=None)
    return rows.exclude(role=ClubMember.Role.MEMBER).exists()


def members_of(pk: int) -> list[int]:
    """Return the ids of the members of an existing club; one query."""
    rows = ClubMember.objects.filter(club=pk, club__archived_at=None)
    return list(rows.order_by().values_list("user_id", flat=True))


def _existing_clubs(pks: Collection[int]) -> Collection[int]:
    return list(Club.objects.filter(pk__in=pks).values_list("pk", flat=True))


def in_club(
    rows: "ClubScopedQuerySet[M]", slugs: Sequence[str], user: Any
) -> "ClubScopedQuerySet[M]":
    """Return the rows of the club that a request's `?club=` names, given all of its values.

    None: all rows that the user may see. One slug of a club of the user: that club's rows. Anything
    else, such as an empty, unknown, foreign or repeated value: the public rows.
    """
    if not slugs:
        return rows.visible_to(user)
    own = Club.objects.visible_to(user).filter(slug=slugs[0]) if len(set(slugs)) == 1 else None
    club = own.first() if own is not None else None
    return rows.filter(club=club) if club else rows.public()


CLUB_MEMBERS = Audience(
    kind=CLUB,
    may_see=is_member,
    existing=_existing_clubs,
    of=clubs_of,
    may_manage=manages,
    users=members_of,
)
