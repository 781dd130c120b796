"""Queries of the members of clubs."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from mainapp.clubs.models import ClubMember

Membership = tuple[int, int]


def members_among(memberships: Collection[Membership]) -> set[Membership]:
    """Return those of the pairs of a club and a user that are members; one query."""
    clubs, users = {club for club, _user in memberships}, {user for _club, user in memberships}
    rows = ClubMember.objects.filter(
        Q(club__in=clubs, user__in=users), club__archived_at=None, user__is_active=True
    )
    return set(rows.order_by().values_list("club", "user")) & set(memberships)


def club_pk_of_member(slug: str, user_pk: int) -> int | None:
    """Return the id of a club of which a user is a member, or None; one query."""
    rows = ClubMember.objects.filter(club__slug=slug, club__archived_at=None, user=user_pk)
    return rows.values_list("club", flat=True).first()


def membership_of(slug: str, user: Any) -> ClubMember:
    """Return the membership of a user, possibly anonymous, with its club; one query.

    Raises: ClubMember.DoesNotExist (also for a club that never was).
    """
    rows = ClubMember.objects.filter(club__archived_at=None, user=user.pk)
    return rows.select_related("club").get(club__slug=slug)
