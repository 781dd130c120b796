"""Publish every committed change to a room to all processes."""

from typing import Any

from django.dispatch import receiver

from mainapp.core.realtime import GroupMessage, publish
from mainapp.forum.events import ROOMS, RoomChanged
from mainapp.forum.signals import room_changed


@receiver(room_changed)
def publish_change(*, room_pk: int, revision: int, rules_revision: int, **_kwargs: Any) -> None:
    """Publish the room's revisions; of several queued ones, only the newest is sent."""
    body = RoomChanged(
        type="room.changed", room=room_pk, revision=revision, rules_revision=rules_revision
    )
    publish([GroupMessage(ROOMS, body, key=room_pk, rank=revision)])
