"""Locks of clubs, and checks of the people who change them."""

from datetime import datetime

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.accounts.services.presence import announce_presence
from mainapp.clubs.exceptions import ClubGone, Forbidden, LastOwner
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import CHANGES
from mainapp.clubs.services.changes import club_changed, members_left
from mainapp.clubs.signals import members_changed
from mainapp.core.limits import consume, of_user
from mainapp.market.services.watchlists import announce_lists

OWNER, MANAGER, MEMBER = ClubMember.Role.OWNER, ClubMember.Role.MANAGER, ClubMember.Role.MEMBER


def check_may_change(actor: User, *, at: datetime) -> None:
    """Count a change, which reaches all members. Raises: Suspended, RateLimited."""
    check_not_suspended(actor, at=at)
    consume(CHANGES, of_user(actor))


def lock_club(club_pk: int, actor: User, *roles: str) -> tuple[Club, ClubMember]:
    """Lock a club, so that its memberships change one at a time; return the actor's membership.

    Raises: ClubGone (not a member, or archived), Forbidden (roles are given, and not the actor's).
    """
    clubs = Club.objects.select_for_update(no_key=True)
    club = clubs.filter(pk=club_pk, archived_at=None).first()
    own = ClubMember.objects.filter(club=club, user=actor).first() if club else None
    if club is None or own is None:
        raise ClubGone
    if roles and own.role not in roles:
        raise Forbidden
    return club, own


def check_other_owner(member: ClubMember) -> None:
    """Check that a locked club has an owner besides a member. Raises: LastOwner."""
    if member.role == OWNER and not has_other_owner(member.club_id, member.user_id):
        raise LastOwner


def has_other_owner(club_pk: int, user_pk: int) -> bool:
    """Return whether a club has an owner besides a user; deactivated ones can do nothing."""
    owners = ClubMember.objects.filter(club=club_pk, role=OWNER, user__is_active=True)
    return owners.exclude(user=user_pk).exists()


def announce_members(
    club_pk: int, *, joined: list[int] | None = None, left: list[int] | None = None
) -> None:
    """Announce members who joined or left a locked club, to features and open pages."""
    joined, left = joined or [], left or []
    members_changed.send(None, club_pk=club_pk, joined=joined, left=left)
    if left:
        members_left(club_pk, left)
    announce_presence([*joined, *left])
    announce_lists([*joined, *left])
    club_changed(club_pk, "members")
