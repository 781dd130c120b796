"""Queries of the members of clubs."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.core.paginator import Page
from django.db.models import Case, Q, QuerySet, When

from mainapp.accounts.fanout.circles import Circles
from mainapp.clubs.models import Club, ClubMember
from mainapp.core.pages import page_of

PAGE = 50
Membership = tuple[int, int]


def members_among(memberships: Collection[Membership]) -> set[Membership]:
    """Return those of the pairs of club and user in which the user is a member; one query."""
    clubs, users = {club for club, _user in memberships}, {user for _club, user in memberships}
    rows = ClubMember.objects.filter(
        Q(club__in=clubs, user__in=users), club__archived_at=None, user__is_active=True
    )
    return set(rows.order_by().values_list("club", "user")) & set(memberships)


def club_pk_of_member(slug: str, user_pk: int) -> int | None:
    """Return the id of a club of which a user is a member, or None; one query."""
    rows = ClubMember.objects.filter(club__slug=slug, club__archived_at=None, user=user_pk)
    return rows.values_list("club", flat=True).first()


def ranked_members(club: Club) -> QuerySet[ClubMember]:
    """Return the members with their users, owners and managers first."""
    rank = Case(When(role="owner", then=0), When(role="manager", then=1), default=2)
    return club.members.select_related("user").order_by(rank, "joined_at", "pk")


def members_page(club: Club, number: str | None) -> "Page[ClubMember]":
    """Return a page of the members; two queries."""
    return page_of(ranked_members(club), number, size=PAGE)


def member_of(club: Club, user_pk: int) -> ClubMember:
    """Return a member with the user; one query. Raises: ClubMember.DoesNotExist."""
    return club.members.select_related("user").get(user=user_pk)


def clubs_of_users(users: Collection[int]) -> Iterable[tuple[int, int]]:
    """Return pairs of a user and a club, for the circles of presence; one query."""
    return _members_of(users).values_list("user_id", "club_id")


def _members_of(users: Collection[int]) -> QuerySet[ClubMember]:
    return ClubMember.objects.filter(user__in=users, club__archived_at=None).order_by()


def people_of_clubs(user: int, _at: datetime) -> QuerySet[ClubMember, int]:
    members = ClubMember.objects.filter(club__in=_members_of([user]).values("club"))
    return members.order_by().values_list("user_id", flat=True)


CIRCLES = Circles(
    name="club",
    is_private=True,
    of=clubs_of_users,
    seen_by=lambda users, _at: clubs_of_users(users),
    people=people_of_clubs,
)
