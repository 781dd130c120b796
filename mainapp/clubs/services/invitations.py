"""Invitation links, and joining a club by one."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.clubs.exceptions import ClubGone, Invalid, InvitationGone
from mainapp.clubs.models import Club, ClubMember, Invitation
from mainapp.clubs.policies import (
    JOININGS,
    MAX_DAYS,
    MAX_INVITATIONS,
    MAX_USES,
    MEMBERS_OF_CLUB,
)
from mainapp.clubs.selectors.invitations import invitation_for, valid_invitations
from mainapp.clubs.services.locking import (
    MANAGER,
    OWNER,
    announce_members,
    check_may_change,
    lock_club,
)
from mainapp.core.limits import consume, of_user
from mainapp.core.limits.database_store import check_and_increment_quota


def invite(
    *, club_pk: int, actor: User, at: datetime, days: int = 7, max_uses: int = 1
) -> Invitation:
    """Create a link for `max_uses` people that is valid for `days`, as a manager.

    Raises: ClubGone, Forbidden, Invalid, Suspended, RateLimited.
    """
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(_("O convite vale de 1 a 90 dias."), fields={"days": f"1-{MAX_DAYS}"})
    if not 1 <= max_uses <= MAX_USES:
        raise Invalid(_("O convite serve de 1 a 1.000 pessoas."), fields={"max_uses": "1-1000"})
    check_may_change(actor, at=at)
    with transaction.atomic():
        club, _membership = lock_club(club_pk, actor, OWNER, MANAGER)
        if valid_invitations(at=at).filter(club=club).count() >= MAX_INVITATIONS:
            raise Invalid(_("São convites demais: cancele um antes de fazer outro."))
        return Invitation.objects.create(
            club=club,
            key=secrets.token_urlsafe(24),
            created_by=actor,
            created_at=at,
            expires_at=at + timedelta(days=days),
            max_uses=max_uses,
        )


def revoke_invitation(*, club_pk: int, actor: User, pk: int, at: datetime) -> None:
    """Make a link void, as a manager. Safe to repeat. Raises: ClubGone, Forbidden, RateLimited."""
    check_may_change(actor, at=at)
    with transaction.atomic():
        club, _membership = lock_club(club_pk, actor, OWNER, MANAGER)
        own = Invitation.objects.filter(club=club, pk=pk)
        if not own.exists():
            raise ClubGone
        own.filter(revoked_at=None).update(revoked_at=at)


def join_club(*, key: str, user: User, at: datetime) -> tuple[Club, bool]:
    """Join a club by a link; return the club, and whether the user is a new member.

    An existing member keeps their role and uses up no invitation. Exact under concurrent calls,
    because the club is locked.

    Raises: InvitationGone, DomainError (`limit_reached`: the club is full), Suspended, RateLimited.
    """
    check_not_suspended(user, at=at)
    consume(JOININGS, of_user(user))
    with transaction.atomic():
        found = invitation_for(key, user, at=at)
        if found is None:
            raise InvitationGone
        club = Club.objects.select_for_update(no_key=True).get(pk=found.club_id)
        if ClubMember.objects.filter(club=club, user=user).exists():
            return club, False
        # Read again, because it was read before the lock.
        invitation = invitation_for(key, user, at=at)
        if invitation is None:
            raise InvitationGone
        check_and_increment_quota(club, MEMBERS_OF_CLUB, at=at)
        ClubMember.objects.create(club=club, user=user, joined_at=at)
        Invitation.objects.filter(pk=invitation.pk).update(uses=F("uses") + 1)
        announce_members(club.pk, joined=[user.pk])
        return club, True
