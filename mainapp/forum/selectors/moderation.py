"""What those who keep order look at: reports, the log, who takes part."""

from mainapp.accounts.models import User
from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.forum.policies import is_moderator

SHOWN = 50


def kept_room(pk: int, keeper: User) -> Room:
    """Return a room in which `keeper` keeps order; one query. Raises: Room.DoesNotExist."""
    room = Room.objects.select_related("stock", "host").get(pk=pk)
    if not is_moderator(keeper, host_id=room.host_id):
        raise Room.DoesNotExist
    return room


def kept_report(pk: int, keeper: User) -> Report:
    """Return a report of such a room; one query. Raises: Report.DoesNotExist."""
    report = Report.objects.select_related("message__room").get(pk=pk)
    if not is_moderator(keeper, host_id=report.message.room.host_id):
        raise Report.DoesNotExist
    return report


def message_with_room(pk: int) -> Message:
    """Return a message that was not deleted; one query. Raises: Message.DoesNotExist."""
    return Message.objects.select_related("room", "author").get(pk=pk, deleted_at=None)


def member(pk: int) -> User:
    """Return a person who may be muted; one query. Raises: User.DoesNotExist."""
    return User.objects.get(pk=pk)


def participants_of(room: Room) -> list[Participant]:
    """Return who takes part, who is muted first, then the newest; one query."""
    taking_part = Participant.objects.filter(room=room).select_related("user")
    return list(taking_part.order_by("-is_muted", "-joined_at", "-pk")[:SHOWN])


def log_entries(room: Room | None = None) -> list[ModerationEntry]:
    """Return the newest lines of the log, of one room or of all; one query."""
    entries = ModerationEntry.objects.select_related("actor", "target")
    return list((entries.filter(room=room) if room else entries)[:SHOWN])


def open_reports(room: Room | None = None) -> list[Report]:
    """Return the oldest open reports, of one room or of all; one query."""
    waiting = Report.objects.filter(resolved_at=None)
    if room:
        waiting = waiting.filter(message__room=room)
    rows = waiting.select_related("message__room", "message__author", "reporter")
    return list(rows.order_by("reported_at", "pk")[:SHOWN])
