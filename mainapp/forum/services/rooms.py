"""Creating, changing and deleting rooms."""

from django.db import transaction
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.clubs.services.changes import club_changed
from mainapp.core.audience import key_of
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import NEW_ROOMS
from mainapp.forum.selectors.members import members_of
from mainapp.forum.selectors.messages import MESSAGE
from mainapp.forum.services.moderation import lock_moderated_room
from mainapp.forum.services.moderation_log import log_action
from mainapp.forum.services.states import announce_room
from mainapp.forum.services.talk import withdraw_talk
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
        check_and_increment_quota(host, NEW_ROOMS, at=now)
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
    """Change a room, as its host or as staff; a club's as one of its managers.

    Raises: Invalid (no such room), Forbidden, Suspended.
    """
    with transaction.atomic():
        room = lock_moderated_room(actor, room_pk)
        room.name, room.topic, room.description, room.stock = name, topic, description, stock
        room.save(update_fields=["name", "topic", "description", "stock"])
        announce_room(room)
        club_changed(room.club_id, "rooms")
        return room


def delete_room(*, room_pk: int, actor: User) -> None:
    """Delete a room with its messages, like `update_room`, and log it.

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
        announce_room(room)
        for member in members_of(room) if room.is_private else ():
            withdraw_talk(room_pk=room.pk, user=member.user, at=timezone.now())
        club_changed(room.club_id, "rooms")
        room.delete()
