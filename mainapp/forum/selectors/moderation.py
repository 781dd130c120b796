"""Queries for moderation: rooms, messages and participants."""

from typing import Any

from django.contrib.auth.models import AnonymousUser

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import is_moderator

LIST_SIZE = 50
ROOM = "room"  # the kind of a place that has moderators


def moderated_room(pk: int, moderator: User) -> Room:
    """Return a room that `moderator` moderates; one query. Raises: Room.DoesNotExist."""
    room = Room.objects.public().select_related("stock", "host").get(pk=pk)
    if not is_moderator(moderator, host_id=room.host_id, kind=room.kind):
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
    participants = Participant.objects.filter(room=room).select_related("user")
    return list(participants.order_by("-is_muted", "-joined_at", "-pk")[:LIST_SIZE])


def moderates_room(user: Any, scope: str) -> bool:
    """Return whether a user moderates the room of a scope like `room:12`; one query."""
    kind, _colon, pk = scope.partition(":")
    room = Room.objects.filter(pk=int(pk)).first() if kind == ROOM else None
    return room is not None and is_moderator(user, host_id=room.host_id, kind=room.kind)
