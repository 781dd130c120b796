"""Queries of clubs, as their members see them."""

from datetime import datetime
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import KEPT
from mainapp.core.pages import page_of

PAGE = 30
SHARED = 10


def _member_count(club: str) -> Any:
    others = ClubMember.objects.filter(club=OuterRef(club)).order_by().values("club")
    counts = others.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def memberships_of(user: User) -> QuerySet[ClubMember]:
    """Return a user's memberships with their clubs and `members_count`, by the clubs' names."""
    rows = ClubMember.objects.filter(user=user, club__archived_at=None).select_related("club")
    return rows.annotate(members_count=_member_count("club")).order_by("club__name", "pk")


def clubs_page(user: User, number: str | None) -> "Page[ClubMember]":
    """Return a page of the memberships of a user; two queries."""
    return page_of(memberships_of(user), number, size=PAGE)


def membership(slug: str, user: Any) -> ClubMember:
    """Return a user's membership in a club, with the club and `members_count`; one query.

    Raises: ClubMember.DoesNotExist, for a club that does not exist for the user.
    """
    return memberships_of(user).get(club__slug=slug)


def deleted_clubs_of(user: User, *, at: datetime) -> list[Club]:
    """Return the deleted clubs that a user can restore, the newest first; one query."""
    own = Club.objects.filter(members__user=user, members__role=ClubMember.Role.OWNER)
    return list(own.filter(archived_at__gt=at - KEPT).order_by("-archived_at", "pk"))


def picture_url(club: Club, size: int) -> str | None:
    """Return the URL of a picture of 48, 150 or 600 pixels, for members; None without one.

    A deleted club has none, because it has no pages. No query.
    """
    if not club.picture_key or club.archived_at:
        return None
    return reverse("club-picture", args=[club.slug, club.picture_key, size])


def chosen_club(user: Any) -> Club | None:
    """Return the club that forms offer a user first: the chosen or the only one; one query."""
    if user.pk is None:
        return None
    own = ClubMember.objects.filter(user=user.pk, club__archived_at=None).select_related("club")
    rows = list(own.order_by("-is_chosen", "pk")[:2])
    return rows[0].club if rows and (rows[0].is_chosen or len(rows) == 1) else None


def shared_clubs(person: User, reader: Any) -> list[Club]:
    """Return the clubs of which both are members; no query for oneself and anonymous readers."""
    if reader.pk in (None, person.pk):
        return []
    theirs = ClubMember.objects.filter(user=person).values("club")
    return list(Club.objects.visible_to(reader).filter(pk__in=theirs)[:SHARED])
