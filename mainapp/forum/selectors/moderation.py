"""What those who keep order look at: reports, the log, who takes part."""

from django.db.models import Q

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_staff_level
from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.forum.policies import is_moderator, may_settle

SHOWN = 50


def kept_room(pk: int, keeper: User) -> Room:
    """Return a room in which `keeper` keeps order; one query. Raises: Room.DoesNotExist."""
    room = Room.objects.select_related("stock", "host").get(pk=pk)
    if not is_moderator(keeper, host_id=room.host_id):
        raise Room.DoesNotExist
    return room


def kept_report(pk: int, keeper: User) -> Report:
    """Return a report that `keeper` may settle; one query. Raises: Report.DoesNotExist."""
    report = Report.objects.select_related("message__room").get(pk=pk)
    message = report.message
    if not may_settle(keeper, host_id=message.room.host_id, author_id=message.author_id):
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


def open_reports(keeper: User, room: Room | None = None) -> list[Report]:
    """Return the oldest open reports, of one room or of all, that `keeper` may see; one query."""
    waiting = Report.objects.filter(resolved_at=None)
    if not is_staff_level(keeper):
        # Not `exclude`, which would drop what is reported of removed authors too.
        waiting = waiting.filter(~Q(message__author=keeper) | Q(message__author=None))
    if room:
        waiting = waiting.filter(message__room=room)
    rows = waiting.select_related("message__room", "message__author", "reporter")
    return list(rows.order_by("reported_at", "pk")[:SHOWN])
