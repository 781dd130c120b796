"""Blocking people: no contact either way, without the blocked person noticing."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import Block, User
from mainapp.accounts.signals import block_changed
from mainapp.core.exceptions import DomainError


def block_user(*, blocker: User, blocked: User, at: datetime) -> bool:
    """Block a user; return whether they were not blocked before. Safe to repeat.

    Raises: DomainError `invalid` for oneself.
    """
    if blocker.pk == blocked.pk:
        raise DomainError(
            "invalid", _("Você não pode bloquear a si mesmo."), fields={"user_id": "other"}
        )
    with transaction.atomic():
        new = Block(blocker=blocker, blocked=blocked, blocked_at=at)
        # Of concurrent calls, the constraint lets one insert the row.
        before = Block.objects.filter(blocker=blocker, blocked=blocked).exists()
        Block.objects.bulk_create([new], ignore_conflicts=True)
        _announce(blocker, blocked, is_blocked=True)
    return not before


def unblock_user(*, blocker: User, blocked: User) -> None:
    """Remove a block. Safe to repeat."""
    with transaction.atomic():
        Block.objects.filter(blocker=blocker, blocked=blocked).delete()
        _announce(blocker, blocked, is_blocked=False)


def _announce(blocker: User, blocked: User, *, is_blocked: bool) -> None:
    block_changed.send(sender=Block, blocker=blocker, blocked=blocked, is_blocked=is_blocked)
