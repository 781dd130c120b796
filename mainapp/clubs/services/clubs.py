"""Creation, changes, deletion and restoration of clubs."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_noop as _
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.accounts.services.presence import announce_presence
from mainapp.clubs.exceptions import ClubGone, Invalid
from mainapp.clubs.models import Club, ClubMember
from mainapp.clubs.policies import KEPT, NEW_CLUBS
from mainapp.clubs.services.changes import club_changed, members_left
from mainapp.clubs.services.locking import MANAGER, OWNER, check_may_change, lock_club
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.names import is_plain_text, title
from mainapp.market.services.watchlists import announce_lists

SWEEP = "remove_deleted_clubs"
MAX_NAME, MAX_DESCRIPTION, MAX_WORDS = 60, 1000, 2000
# The random end of a slug, so that slugs do not reveal clubs of a similar name.
SLUG_LETTERS, SLUG_END = "abcdefghijkmnpqrstuvwxyz23456789", 8


def create_club(*, founder: User, name: str, description: str = "", at: datetime) -> Club:
    """Create a club with its founder as the owner.

    At most CLUBS_A_DAY per user. Raises: Invalid, RateLimited, Suspended.
    """
    check_not_suspended(founder, at=at)
    texts = _checked(name=name, description=description)
    with transaction.atomic():
        check_and_increment_quota(founder, NEW_CLUBS, at=at)
        club = Club.objects.create(slug=new_slug(texts["name"]), created_at=at, **texts)
        ClubMember.objects.create(club=club, user=founder, role=OWNER, joined_at=at)
    return club


def update_club(*, club_pk: int, actor: User, at: datetime, **texts: str) -> Club:
    """Change the given texts of a club: `name`, `description` or `filtered_words`.

    Raises: ClubGone, Forbidden, Invalid, Suspended, RateLimited.
    """
    checked = _checked(**texts)
    check_may_change(actor, at=at)
    with transaction.atomic():
        club, _membership = lock_club(club_pk, actor, OWNER, MANAGER)
        changed = [name for name, text in checked.items() if getattr(club, name) != text]
        for name in changed:
            setattr(club, name, checked[name])
        if changed:
            club.save(update_fields=changed)
            club_changed(club.pk, "club")
        return club


def delete_club(*, club_pk: int, actor: User, at: datetime) -> None:
    """Archive a club, as an owner. It disappears for everybody, and its sockets are closed.

    Raises: ClubGone, Forbidden, Suspended, RateLimited.
    """
    check_may_change(actor, at=at)
    with transaction.atomic():
        club, _membership = lock_club(club_pk, actor, OWNER)
        archive_locked(club, at=at)


def archive_locked(club: Club, *, at: datetime) -> None:
    """Archive a locked club."""
    club.archived_at = at
    club.save(update_fields=["archived_at"])
    ClubMember.objects.filter(club=club, is_chosen=True).update(is_chosen=False)
    members_left(club.pk, None)
    announce_presence(_users_of(club))
    announce_lists(_users_of(club))


def restore_club(*, club_pk: int, actor: User, at: datetime) -> Club:
    """Restore a deleted club, as an owner. Raises: ClubGone, Suspended, RateLimited."""
    check_may_change(actor, at=at)
    with transaction.atomic():
        clubs = Club.objects.select_for_update(no_key=True)
        club = clubs.filter(pk=club_pk, archived_at__gt=at - KEPT).first()
        own = ClubMember.objects.filter(club=club, user=actor, role=OWNER)
        if club is None or not own.exists():
            raise ClubGone
        club.archived_at = None
        club.save(update_fields=["archived_at"])
        announce_presence(_users_of(club))
        announce_lists(_users_of(club))
        return club


def remove_deleted_clubs(*, at: datetime) -> int:
    """Remove the clubs that were deleted 30 days before `at`; return their number.

    One transaction for each club, so that a failure does not affect the others.
    """
    old = Club.objects.filter(archived_at__lte=at - KEPT)
    count = 0
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            club = old.select_for_update().filter(pk=pk).first()
            if club:  # unless it was just restored
                club.delete()
                count += 1
    return count


def choose_club(*, user: User, club_pk: int | None) -> None:
    """Offer a club first in the forms of a member; None for no club. Raises: ClubGone."""
    with transaction.atomic():
        # The user is locked, because a unique constraint allows only one chosen club.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        own = ClubMember.objects.filter(user=user, club__archived_at=None)
        if club_pk is not None and not own.filter(club=club_pk).exists():
            raise ClubGone
        own.filter(is_chosen=True).update(is_chosen=False)
        own.filter(club=club_pk).update(is_chosen=True)


def new_slug(name: str) -> str:
    end = "".join(secrets.choice(SLUG_LETTERS) for _letter in range(SLUG_END))
    return f"{slugify(name)[: MAX_NAME - SLUG_END - 1].strip('-') or 'clube'}-{end}"


def ensure_sweep() -> None:
    """Schedule the nightly removal unless it exists, so that an admin's changes are kept."""
    if not PeriodicTask.objects.filter(name=SWEEP).exists():
        night = CrontabSchedule.objects.create(minute="35", hour="4", timezone=settings.TIME_ZONE)
        PeriodicTask.objects.create(name=SWEEP, task=SWEEP, crontab=night)


def _users_of(club: Club) -> list[int]:
    return list(ClubMember.objects.filter(club=club).values_list("user_id", flat=True))


def _checked(**texts: str) -> dict[str, Any]:
    """Return the texts of a club without hidden characters. Raises: Invalid."""
    checked = {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
    if "name" in checked:
        checked["name"] = title(checked["name"])
        if not 1 <= len(checked["name"]) <= MAX_NAME:
            raise Invalid(_("Dê ao clube um nome de até 60 caracteres."), fields={"name": "1-60"})
    description = checked.get("description", "")
    if len(description) > MAX_DESCRIPTION or not is_plain_text(description):
        raise Invalid(
            _("A descrição tem até 1.000 caracteres, sem caracteres invisíveis."),
            fields={"description": "0-1000"},
        )
    if "filtered_words" in checked:
        lines = dict.fromkeys(filter(None, map(title, checked["filtered_words"].splitlines())))
        checked["filtered_words"] = "\n".join(lines)
        if len(checked["filtered_words"]) > MAX_WORDS:
            raise Invalid(_("São palavras demais."), fields={"filtered_words": "0-2000"})
    return checked
