"""Publish every committed change to a room to all processes, and apply blocks."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from mainapp.accounts.models import User
from mainapp.accounts.signals import block_changed
from mainapp.core.realtime import GroupMessage, publish, publish_on_commit
from mainapp.forum.events import ROOMS, BlocksChanged, RoomChanged
from mainapp.forum.services.mentions import hide_notices
from mainapp.forum.services.states import announce_common_rooms
from mainapp.forum.signals import room_changed


@receiver(room_changed)
def publish_change(*, room_pk: int, revision: int, rules_revision: int, **_kwargs: Any) -> None:
    """Publish the room's revisions; of several queued ones, only the newest is sent."""
    body = RoomChanged(
        type="room.changed", room=room_pk, revision=revision, rules_revision=rules_revision
    )
    publish([GroupMessage(ROOMS, body, key=room_pk, rank=revision)])


@receiver(block_changed)
def apply_block(*, blocker: User, blocked: User, is_blocked: bool, **_kwargs: Any) -> None:
    """Hide the notices of a blocked user, and make open rooms read the blocks again."""
    if is_blocked:
        hide_notices(reader=blocker, author=blocked, at=timezone.now())
    announce_common_rooms(user=blocker, other=blocked)
    body = BlocksChanged(type="blocks.changed", users=[blocker.pk, blocked.pk])
    publish_on_commit([GroupMessage(ROOMS, body)])
