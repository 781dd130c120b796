"""Factories of clubs."""

from django.utils import timezone
from factory.declarations import LazyFunction, Sequence

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember
from mainapp.market.tests.factories import RowFactory


class ClubFactory(RowFactory[Club]):
    class Meta:
        model = Club

    name = Sequence(lambda n: f"Clube {n}")
    slug = Sequence(lambda n: f"clube-{n}")
    created_at = LazyFunction(timezone.now)


def make_club(owner: User, *members: User, managers: tuple[User, ...] = (), **fields) -> Club:
    """Return a club of an owner, managers and members."""
    club = ClubFactory(**fields)
    roles = [(owner, "owner"), *((user, "manager") for user in managers)]
    for user, role in [*roles, *((user, "member") for user in members)]:
        ClubMember.objects.create(club=club, user=user, role=role, joined_at=timezone.now())
    return club
