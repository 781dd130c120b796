"""Members of a club: roles, leaving, removal, and the consent to show the carteira."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.clubs.exceptions import Forbidden, Invalid, LastOwnerDeleted
from mainapp.clubs.models import Club, ClubMember, RemovedMember
from mainapp.clubs.services.changes import club_changed, members_left
from mainapp.clubs.services.locking import (
    MANAGER,
    OWNER,
    announce_members,
    check_may_change,
    check_other_owner,
    has_other_owner,
    lock_club,
)


def change_role(*, club_pk: int, actor: User, user_pk: int, role: str, at: datetime) -> ClubMember:
    """Change the role of a member, as an owner. Safe to repeat.

    Raises: ClubGone, Forbidden, Invalid (no such member or role), LastOwner, Suspended,
    RateLimited.
    """
    if role not in ClubMember.Role.values:
        raise Invalid(_("Este papel não existe."), fields={"role": ", ".join(ClubMember.Role)})
    check_may_change(actor, at=at)
    with transaction.atomic():
        club, _membership = lock_club(club_pk, actor, OWNER)
        member = _member(club, user_pk)
        if member.role != role:
            if role != OWNER:
                check_other_owner(member)
            member.role = role
            member.save(update_fields=["role"])
            club_changed(club.pk, "members")
        return member


def remove_member(*, club_pk: int, actor: User, user_pk: int, at: datetime) -> None:
    """Remove a member, and void all existing invitations for them.

    Owners remove everybody else, managers only plain members. Raises: ClubGone, Forbidden (also for
    oneself: use `leave_club`), Invalid (no such member), Suspended, RateLimited.
    """
    check_may_change(actor, at=at)
    with transaction.atomic():
        club, own = lock_club(club_pk, actor, OWNER, MANAGER)
        member = _member(club, user_pk)
        if user_pk == actor.pk or (member.manages and own.role != OWNER):
            raise Forbidden
        RemovedMember.objects.update_or_create(
            club=club, user_id=user_pk, defaults={"removed_at": at}
        )
        member.delete()
        announce_members(club.pk, left=[user_pk])


def leave_club(*, club_pk: int, user: User) -> None:
    """Leave a club; the last owner cannot. Raises: ClubGone, LastOwner."""
    with transaction.atomic():
        club, own = lock_club(club_pk, user)
        check_other_owner(own)
        own.delete()
        announce_members(club.pk, left=[user.pk])


def share_portfolio(*, club_pk: int, user: User, is_on: bool) -> None:
    """Show or hide the percents of a member's carteira in the club. Safe to repeat.

    Raises: ClubGone.
    """
    with transaction.atomic():
        club, own = lock_club(club_pk, user)
        if own.shares_portfolio != is_on:
            own.shares_portfolio = is_on
            own.save(update_fields=["shares_portfolio"])
            club_changed(club.pk, "portfolio")


def leave_all_clubs(*, user: User) -> None:
    """End all memberships of an account that is being deleted, in the caller's transaction.

    Clubs without other members are deleted with the account.
    Raises: LastOwnerDeleted.
    """
    clubs = Club.objects.filter(members__user=user).order_by("pk")
    for club in list(clubs.select_for_update(no_key=True, of=("self",))):
        others = ClubMember.objects.filter(club=club).exclude(user=user)
        if not others.exists():
            _delete(club)
            continue
        if not has_other_owner(club.pk, user.pk):
            if club.archived_at is None:
                raise LastOwnerDeleted
            _delete(club)  # nobody could restore it
            continue
        ClubMember.objects.filter(club=club, user=user).delete()
        if club.archived_at is None:
            announce_members(club.pk, left=[user.pk])


def _delete(club: Club) -> None:
    members_left(club.pk, None)
    club.delete()


def _member(club: Club, user_pk: int) -> ClubMember:
    member = ClubMember.objects.filter(club=club, user=user_pk).first()
    if member is None:
        raise Invalid(_("Esta pessoa não é do clube."), fields={"user_id": "member"})
    return member
