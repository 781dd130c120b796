"""Creating, changing and deleting rooms."""

from django.db import transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.core.audience import key_of
from mainapp.core.limits import of_user
from mainapp.core.limits.database_store import consume_stored
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import NEW_ROOMS
from mainapp.forum.selectors.messages import MESSAGE
from mainapp.forum.services.moderation import lock_moderated_room
from mainapp.forum.services.moderation_log import log_action
from mainapp.market.models import Stock
from mainapp.moderation.models import LogEntry
from mainapp.uploads.services.uploads import delete_attached


def create_room(
    *,
    host: User,
    name: str,
    topic: str = "",
    description: str = "",
    stock: Stock | None = None,
) -> Room:
    """Create a room, with its host as the first participant.

    At most ROOMS_A_DAY per host in 24 hours, concurrent calls included. Raises: RateLimited,
    Suspended.
    """
    now = timezone.now()
    check_not_suspended(host, at=now)
    with transaction.atomic():
        consume_stored(NEW_ROOMS, of_user(host), at=now)
        room = Room.objects.create(
            host=host,
            name=name,
            topic=topic,
            description=description,
            stock=stock,
            created_at=now,
            active_at=now,
        )
        Participant.objects.create(room=room, user=host, joined_at=now)
    return room


def update_room(
    *,
    room_pk: int,
    actor: User,
    name: str,
    topic: str = "",
    description: str = "",
    stock: Stock | None = None,
) -> Room:
    """Change a room, as its host or as staff.

    Raises: Invalid (no such room), Forbidden, Suspended.
    """
    with transaction.atomic():
        room = lock_moderated_room(actor, room_pk)
        room.name, room.topic, room.description, room.stock = name, topic, description, stock
        room.save(update_fields=["name", "topic", "description", "stock"])
        return room


def delete_room(*, room_pk: int, actor: User) -> None:
    """Delete a room with its messages, as its host or as staff, and log it.

    Raises: Invalid (no such room), Forbidden, Suspended.
    """
    with transaction.atomic():
        room = lock_moderated_room(actor, room_pk)
        log_action(room, actor, LogEntry.Action.DELETE_ROOM, target_id=room.host_id)
        attached = Message.objects.filter(
            room=room, kind__in=[Message.Kind.IMAGE, Message.Kind.FILE]
        )
        for pk in attached.values_list("pk", flat=True):
            delete_attached(audience=key_of(MESSAGE, pk))
        room.delete()
