"""Suspending people, always with an end."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.moderation.models import Case, LogEntry
from mainapp.moderation.policies import SUSPENSION_DAYS, may_suspend
from mainapp.moderation.services.log import log_action


def suspend_user(
    *,
    user: User,
    actor: User,
    days: int,
    at: datetime,
    reason: str = "",
    case: Case | None = None,
) -> datetime:
    """Restrict a user to reading for some days; return the end. Their sockets reconnect.

    A suspension replaces an earlier one. Raises: DomainError (`forbidden`, `invalid`).
    """
    if days not in SUSPENSION_DAYS:
        raise DomainError("invalid", _("A suspensão precisa de um fim."), fields={"days": "1-365"})
    until = at + timedelta(days=days)
    with transaction.atomic():
        _set(user, actor, until, reason)
        log_action(
            LogEntry.Action.SUSPEND,
            actor=actor,
            at=at,
            target_id=user.pk,
            case=case,
            detail=f"{days} d {reason}".strip(),
        )
    return until


def end_suspension(*, user: User, actor: User, at: datetime) -> None:
    """Let a suspended user write again. Safe to repeat. Raises: DomainError (`forbidden`)."""
    with transaction.atomic():
        if _set(user, actor, None, ""):
            log_action(LogEntry.Action.UNSUSPEND, actor=actor, at=at, target_id=user.pk)


def _set(user: User, actor: User, until: datetime | None, reason: str) -> bool:
    """Set the end of a suspension; return whether there was one, or is one now."""
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not may_suspend(actor, row):
        raise DomainError("forbidden")
    is_change = row.suspended_until != until
    row.suspended_until, row.suspension_reason = until, reason[:200]
    row.save(update_fields=["suspended_until", "suspension_reason"])
    user.suspended_until, user.suspension_reason = row.suspended_until, row.suspension_reason
    return is_change
