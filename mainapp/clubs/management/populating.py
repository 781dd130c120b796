"""Sample clubs, to try the pages with many rows."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import MAX_MEMBERS
from mainapp.clubs.services.clubs import new_slug

FIRST = ("Dividendos", "Clube", "Amigos", "Valor", "Turma", "Longo Prazo")
LAST = ("da Quinta", "do Porto", "de Minas", "Paulista", "do Sul", "da Praia", "do Cerrado")
CHUNK = 50
MAX_CLUBS = 10_000


def populate(*, clubs: int, members: int, at: datetime) -> int:
    """Add clubs with sample members, who cannot log in; return the number of memberships.

    Each club has one owner and, from ten members on, a manager. The members are the same users in
    many clubs, starting with another one in each.
    """
    users = _sample_users(members + clubs % members)
    count, known = 0, Club.objects.count()
    for first in range(0, clubs, CHUNK):
        numbers = range(known + first, known + min(first + CHUNK, clubs))
        with transaction.atomic():
            made = Club.objects.bulk_create(_club(number, at) for number in numbers)
            rows = [row for club in made for row in _members(club, users, members, at)]
            ClubMember.objects.bulk_create(rows, batch_size=1000)
            count += len(rows)
    return count


def _club(number: int, at: datetime) -> Club:
    name = f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]} {number + 1}"
    created_at = at - timedelta(days=number % 400)
    return Club(name=name, slug=new_slug(name), description="Inventado.", created_at=created_at)


def _members(club: Club, users: list[User], count: int, at: datetime) -> list[ClubMember]:
    start = club.pk % len(users)
    chosen = islice((users * 2)[start:], min(count, len(users)))
    roles = {0: ClubMember.Role.OWNER} | ({1: ClubMember.Role.MANAGER} if count >= 10 else {})
    return [
        ClubMember(
            club=club,
            user=user,
            role=roles.get(place, ClubMember.Role.MEMBER),
            shares_portfolio=place % 3 == 0,
            joined_at=at + timedelta(seconds=place),
        )
        for place, user in enumerate(chosen)
    ]


def _sample_users(count: int) -> list[User]:
    names = [f"membro{number:04}" for number in range(1, count + 1)]
    known = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    unusable = make_password(None)
    User.objects.bulk_create(
        User(username=name, password=unusable) for name in names if name not in known
    )
    return list(User.objects.filter(username__in=names).order_by("pk"))


class PopulateCommand(BaseCommand):
    """`populate_clubs N`, also under the names of other services."""

    help = "Add N sample clubs with members. Needs DEBUG=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clubs", type=int)
        parser.add_argument("--members", type=int, default=50, help="of each club")

    def handle(self, *, clubs: int, members: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("populate_clubs invents data: it needs DEBUG=1")
        if not 0 < clubs <= MAX_CLUBS or not 0 < members <= MAX_MEMBERS:
            raise CommandError(f"1-{MAX_CLUBS} clubs of 1-{MAX_MEMBERS} members")
        count = populate(clubs=clubs, members=members, at=timezone.now())
        self.stdout.write(f"populate_clubs: {clubs} clubs with {count} members")
