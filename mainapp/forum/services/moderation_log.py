"""The moderation log, written in the transaction of the action that it records."""

from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.forum.models import ModerationEntry, Room


def log_action(
    room: Room,
    actor: User,
    action: ModerationEntry.Action,
    *,
    target_id: int | None = None,
    detail: str = "",
) -> None:
    """Add an entry to the log. `room_name` is copied, as the log survives the room."""
    ModerationEntry.objects.create(
        room=room,
        room_name=room.name,
        actor=actor,
        target_id=target_id,
        action=action,
        detail=detail,
        done_at=timezone.now(),
    )
