"""Queries of a user's profile page."""

from dataclasses import dataclass

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Room

MAX_ROOMS = 30
MAX_MESSAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumActivity:
    """A user's rooms, the most active first, and newest messages, each with its room.

    `more_rooms` is True if the user hosts more than MAX_ROOMS.
    """

    rooms: list[Room]
    more_rooms: bool
    messages: list[Message]


def forum_activity(user: User) -> ForumActivity:
    """Return a user's activity in the forum's public rooms. Two queries with a limit."""
    hosted = Room.objects.public().filter(host=user)
    rooms = list(hosted.order_by("-active_at", "-pk")[: MAX_ROOMS + 1])
    messages = Message.objects.public().filter(author=user, deleted_at=None).select_related("room")
    return ForumActivity(
        rooms=rooms[:MAX_ROOMS],
        more_rooms=len(rooms) > MAX_ROOMS,
        messages=list(messages.order_by("-sent_at", "-pk")[:MAX_MESSAGES]),
    )
