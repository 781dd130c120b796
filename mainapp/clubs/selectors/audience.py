"""The members of a club as an audience, and the filter `?club=` of lists."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import CharField, Exists, Q, Value
from django.db.models.functions import Cast, Concat

from mainapp.clubs.models import Club, ClubMember, ClubScopedQuerySet, M
from mainapp.core.audience import Audience

CLUB = "club"


def is_member(user: Any, pk: int) -> bool:
    """Return whether a user, possibly anonymous, is a member of an existing club; one query."""
    if user.pk is None:
        return False
    return ClubMember.objects.filter(club=pk, user=user.pk, club__archived_at=None).exists()


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


def _name_of(pk: int) -> str:
    return Club.objects.filter(pk=pk).values_list("name", flat=True).first() or ""


def _keys_of(user: Any) -> Any:
    rows = ClubMember.objects.filter(user=user.pk, club__archived_at=None).order_by()
    return rows.values(key=Concat(Value(f"{CLUB}:"), Cast("club_id", CharField())))


def _existing_clubs(pks: Collection[int]) -> Collection[int]:
    return list(Club.objects.filter(pk__in=pks).values_list("pk", flat=True))


def in_club(
    rows: "ClubScopedQuerySet[M]", slugs: Sequence[str], user: Any
) -> "ClubScopedQuerySet[M]":
    """Filter rows by `slugs`, all values of `?club=` in a request.

    None: all rows that the user may see. One slug of a club of the user: that club's rows. Anything
    else, such as an empty, unknown, foreign or repeated value: the public rows. No extra query.
    """
    if not slugs:
        return rows.visible_to(user)
    if user.pk is None or len(set(slugs)) > 1:
        return rows.public()
    own = Club.objects.visible_to(user).filter(slug=slugs[0]).order_by()
    return rows.filter(Q(club__in=own.values("pk")) | Q(~Exists(own), club=None))


CLUB_MEMBERS = Audience(
    kind=CLUB,
    may_see=is_member,
    existing=_existing_clubs,
    may_manage=manages,
    users=members_of,
    keys=_keys_of,
    name=_name_of,
)
