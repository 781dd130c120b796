"""A room's counters, incremented under its row's lock: no number is skipped or used twice."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from mainapp.forum.exceptions import RoomGone
from mainapp.forum.models import Room
from mainapp.forum.signals import room_changed


def advance_revision(room_pk: int, *, has_new_rules: bool = False, **changes: Any) -> Room:
    """Increment a room's revision and apply `changes`; the room stays locked until the commit.

    Sends `room_changed` after the commit. Raises: RoomGone.
    """
    if has_new_rules:
        changes["rules_revision"] = F("revision") + 1
    rooms = Room.objects.filter(pk=room_pk)
    # UPDATE first, as it locks the row: SQLite has no SELECT FOR UPDATE.
    if not rooms.update(revision=F("revision") + 1, **changes):
        raise RoomGone
    room = rooms.get()
    revisions = {"revision": room.revision, "rules_revision": room.rules_revision}
    # Robust: the change is committed, and a failing receiver must not fail the request. Readers
    # get the change by polling.
    transaction.on_commit(
        partial(room_changed.send, sender=Room, room_pk=room.pk, **revisions), robust=True
    )
    return room
