"""The log of moderation: written in the transaction of what it tells."""

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.forum.models import ModerationEntry, Room


def note(
    room: Room,
    actor: User,
    action: ModerationEntry.Action,
    *,
    target_id: int | None = None,
    detail: str = "",
) -> None:
    """Add a line to the log."""
    ModerationEntry.objects.create(
        room=room,
        room_name=room.name,
        actor=actor,
        target_id=target_id,
        action=action,
        detail=detail,
        done_at=timezone.now(),
    )
