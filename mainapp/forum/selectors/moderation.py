"""Queries for moderation: reports, the log and participants."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from mainapp.accounts.models import User
from mainapp.accounts.policies import is_staff_level
from mainapp.forum.models import Message, ModerationEntry, Participant, Report, Room
from mainapp.forum.policies import FORUM, is_moderator, may_resolve_report

LIST_SIZE = 50


def moderated_room(pk: int, moderator: User) -> Room:
    """Return a room that `moderator` moderates; one query. Raises: Room.DoesNotExist."""
    room = Room.objects.public().select_related("stock", "host").get(pk=pk)
    if not is_moderator(moderator, host_id=room.host_id, kind=room.kind):
        raise Room.DoesNotExist
    return room


def resolvable_report(pk: int, moderator: User) -> Report:
    """Return a report that `moderator` may resolve; one query. Raises: Report.DoesNotExist."""
    report = Report.objects.select_related("message__room").get(pk=pk)
    message = report.message
    room, author_id = message.room, message.author_id
    if not may_resolve_report(moderator, host_id=room.host_id, kind=room.kind, author_id=author_id):
        raise Report.DoesNotExist
    return report


def message_with_room(pk: int, reader: User | AnonymousUser) -> Message:
    """Return a message that `reader` may read and that is not deleted; one query.

    Raises: Message.DoesNotExist.
    """
    messages = Message.objects.visible_to(reader).select_related("room", "author")
    return messages.get(pk=pk, deleted_at=None)


def user_by_key(pk: int) -> User:
    """Return a user, active or not; one query. Raises: User.DoesNotExist."""
    return User.objects.get(pk=pk)


def participants_of(room: Room) -> list[Participant]:
    """Return the participants, muted ones first, then the newest; one query."""
    participants = Participant.objects.filter(room=room).select_related("user")
    return list(participants.order_by("-is_muted", "-joined_at", "-pk")[:LIST_SIZE])


def log_entries(room: Room | None = None) -> list[ModerationEntry]:
    """Return the newest log entries of one room or of all rooms; one query."""
    entries = ModerationEntry.objects.select_related("actor", "target")
    return list((entries.filter(room=room) if room else entries)[:LIST_SIZE])


def open_reports(moderator: User, room: Room | None = None) -> list[Report]:
    """Return the oldest open reports that `moderator` may see, of one or all rooms; one query."""
    reports = Report.objects.filter(resolved_at=None, message__room__kind=FORUM)
    if not is_staff_level(moderator):
        # Without the second condition, SQL's NULL would drop the messages of deleted accounts.
        reports = reports.filter(~Q(message__author=moderator) | Q(message__author=None))
    if room:
        reports = reports.filter(message__room=room)
    rows = reports.select_related("message__room", "message__author", "reporter")
    return list(rows.order_by("reported_at", "pk")[:LIST_SIZE])
