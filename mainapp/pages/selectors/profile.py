"""What a profile page shows of a person."""

from dataclasses import dataclass

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Room

MAX_ROOMS = 30
MAX_MESSAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The rooms that a person hosts, by activity, and the newest of what they said, with its room.

    `more_rooms` tells that there are more than are shown.
    """

    rooms: list[Room]
    more_rooms: bool
    messages: list[Message]


def talk_of(user: User) -> Talk:
    """Return what a person does in the forum; two queries, bounded."""
    rooms = list(Room.objects.filter(host=user).order_by("-active_at", "-pk")[: MAX_ROOMS + 1])
    said = Message.objects.filter(author=user, deleted_at=None).select_related("room")
    return Talk(
        rooms=rooms[:MAX_ROOMS],
        more_rooms=len(rooms) > MAX_ROOMS,
        messages=list(said.order_by("-sent_at", "-pk")[:MAX_MESSAGES]),
    )
