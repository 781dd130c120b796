"""Queries for moderation: rooms, messages and participants."""

from typing import Any

from django.contrib.auth.models import AnonymousUser

from mainapp.accounts.models import User
from mainapp.clubs.models import ClubMember
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import is_moderator

LIST_SIZE = 50
ROOM = "room"  # the kind of a place that has moderators


def managers_of(room: Room) -> list[int]:
    """Return the ids of those who manage a room's club; one query, none without a club."""
    if room.club_id is None:
        return []
    managers = ClubMember.objects.filter(club=room.club_id, club__archived_at=None)
    managers = managers.exclude(role=ClubMember.Role.MEMBER)
    return list(managers.values_list("user_id", flat=True))


def moderates(user: Any, room: Room) -> bool:
    """Return whether a user, possibly anonymous, moderates a room; one query for a club's."""
    return is_moderator(user, host_id=room.host_id, kind=room.kind, moderators=managers_of(room))


def moderated_room(pk: int, moderator: User) -> Room:
    """Return a room of the forum or a club that `moderator` moderates; two queries at most.

    Raises: Room.DoesNotExist.
    """
    rooms = Room.objects.listed_for(moderator).select_related("stock", "host", "club")
    room = rooms.get(pk=pk)
    if not moderates(moderator, room):
        raise Room.DoesNotExist
    return room


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
    participants = Participant.objects.active().filter(room=room).select_related("user")
    return list(participants.order_by("-is_muted", "-joined_at", "-pk")[:LIST_SIZE])


def moderates_room(user: Any, scope: str) -> bool:
    """Return whether a user moderates the room of a scope like `room:12`; two queries at most."""
    kind, _colon, pk = scope.partition(":")
    room = Room.objects.filter(pk=int(pk)).first() if kind == ROOM else None
    return room is not None and moderates(user, room)
