"""A user's activity in the forum, for the profile page."""

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Room

MAX_ROOMS = 30
MAX_MESSAGES = 10


def rooms_hosted_by(user: User) -> tuple[list[Room], bool]:
    """Return a user's rooms, the most active first, and whether there are more. One query."""
    hosted = Room.objects.filter(host=user).select_related("stock")
    rooms = list(hosted.order_by("-active_at", "-pk")[: MAX_ROOMS + 1])
    return rooms[:MAX_ROOMS], len(rooms) > MAX_ROOMS


def newest_messages_of(user: User) -> list[Message]:
    """Return a user's newest messages, each with its room. One query."""
    messages = Message.objects.filter(author=user, deleted_at=None).select_related("room")
    return list(messages.order_by("-sent_at", "-pk")[:MAX_MESSAGES])
