"""The moderation log, written in the transaction of the action that it records."""

from datetime import datetime

from mainapp.accounts.models import User
from mainapp.moderation.models import Case, LogEntry


def log_action(
    action: LogEntry.Action,
    *,
    actor: User,
    at: datetime,
    target_id: int | None = None,
    scope: str = "",
    place: str = "",
    case: Case | None = None,
    detail: str = "",
) -> None:
    """Add an entry to the log. `place` is copied, as the log survives it."""
    LogEntry.objects.create(
        action=action,
        actor=actor,
        target_id=target_id,
        scope=scope,
        place=place,
        case=case,
        detail=detail,
        done_at=at,
    )
