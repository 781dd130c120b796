"""The message that a new one replies to."""

from typing import Any

from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.messages import MAX_SEQ


def quotable_message(room: Room, seq: int, reader: Any) -> Message | None:
    """Return a message to which `reader` may reply, with its author; one query."""
    messages = Message.objects.filter(room=room, seq=min(seq, MAX_SEQ), deleted_at=None)
    if room.is_private:
        messages = messages.visible_to(reader)
    return messages.exclude(kind=Message.Kind.SYSTEM).select_related("author").first()
