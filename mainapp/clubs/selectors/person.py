"""A user's clubs in the data export, without texts of other members."""

from collections.abc import Iterable

from django.db.models import Case, F, Value, When

from mainapp.accounts.models import User
from mainapp.accounts.personal_data import Row, Table
from mainapp.clubs.models import ClubMember, Invitation

CHUNK = 2000
MEMBERSHIPS = ("club", "role", "shares_portfolio", "is_chosen", "joined_at")
INVITATIONS = ("club", "created_at", "expires_at", "max_uses", "uses", "revoked_at")


def _membership_table(user: User) -> Iterable[Row]:
    rows = ClubMember.objects.filter(user=user, club__archived_at=None).order_by("pk")
    return rows.values_list("club__name", *MEMBERSHIPS[1:]).iterator(chunk_size=CHUNK)


def _invitation_table(user: User) -> Iterable[Row]:
    """Yield the user's invitations, with the names of clubs of which they are still a member."""
    own = ClubMember.objects.filter(user=user, club__archived_at=None).values("club")
    rows = Invitation.objects.filter(created_by=user).order_by("pk")
    name = Case(When(club__in=own, then=F("club__name")), default=Value(""))
    return rows.annotate(name=name).values_list("name", *INVITATIONS[1:]).iterator(CHUNK)


TABLES = [
    Table(name="clubs", columns=MEMBERSHIPS, rows=_membership_table),
    Table(name="club_invitations", columns=INVITATIONS, rows=_invitation_table),
]
