"""Messages and files of rooms that people may report, with the messages around them."""

from typing import Any

from mainapp.clubs.selectors.audience import CLUB
from mainapp.core.audience import key_of
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.messages import MESSAGE
from mainapp.forum.selectors.moderation import ROOM
from mainapp.forum.selectors.pages import message_address
from mainapp.moderation.policies import CONTEXT
from mainapp.moderation.subjects import Evidence, Line
from mainapp.uploads.models import Upload

FILE = "file"


def find_message(pk: int, reader: Any) -> Evidence | None:
    """Return a message that `reader` may read, with up to CONTEXT before and after it.

    The copy has only what `reader` may read. Three queries.
    """
    readable = Message.objects.visible_to(reader)
    message = readable.select_related("room").filter(pk=pk, deleted_at=None).first()
    if message is None or message.kind == Message.Kind.SYSTEM:
        return None
    around = readable.filter(room=message.room_id).exclude(kind=Message.Kind.SYSTEM)
    before = around.filter(seq__lt=message.seq).order_by("-seq")[:CONTEXT]
    after = around.filter(seq__gt=message.seq).order_by("seq")[:CONTEXT]
    room, is_private = message.room, message.room.is_private
    return Evidence(
        kind=MESSAGE,
        pk=message.pk,
        person_id=message.author_id,
        url=message_address(room, message.seq),
        scope=_scope(room),
        place="" if is_private else room.name,
        is_private=is_private,
        lines=[
            _line(row, is_reported=row.pk == message.pk)
            for row in (*reversed(before), message, *after)
        ],
    )


def find_file(pk: int, reader: Any) -> Evidence | None:
    """Return the message that holds an upload; the case is about the message. Four queries."""
    audience = Upload.objects.filter(pk=pk).values_list("audience", flat=True).first() or ""
    kind, _colon, message_pk = audience.partition(":")
    return find_message(int(message_pk), reader) if kind == MESSAGE else None


def _scope(room: Room) -> str:
    """Return the key of those who decide as well: a club's managers, or the room's host."""
    if room.club_id:
        return key_of(CLUB, room.club_id)
    return "" if room.is_private else key_of(ROOM, room.pk)


def _line(message: Message, *, is_reported: bool) -> Line:
    line = {
        "seq": message.seq,
        "author": message.author_id,
        "at": message.sent_at.isoformat(),
        "text": message.body,
        "is_edited": message.edited_at is not None,
        "is_deleted": message.deleted_at is not None,
        "is_reported": is_reported,
    }
    if message.kind in (Message.Kind.IMAGE, Message.Kind.FILE) and not message.deleted_at:
        line |= {"file": message.content["upload"], "is_image": message.kind == Message.Kind.IMAGE}
        line["name"] = message.content.get("name", "")
    return line
