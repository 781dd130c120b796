"""Entries of the moderation log about rooms."""

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.core.audience import key_of
from mainapp.forum.models import Room
from mainapp.forum.selectors.moderation import ROOM
from mainapp.moderation.models import LogEntry
from mainapp.moderation.services import log


def log_action(
    room: Room,
    actor: User,
    action: LogEntry.Action,
    *,
    target_id: int | None = None,
    detail: str = "",
) -> None:
    """Add an entry to the log. A private room is not named."""
    log.log_action(
        action,
        actor=actor,
        at=timezone.now(),
        target_id=target_id,
        scope="" if room.is_private and not room.club_id else key_of(ROOM, room.pk),
        place="" if room.is_private else room.name,
        detail=detail,
    )
