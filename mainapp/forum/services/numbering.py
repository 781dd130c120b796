"""A room's numbers: taken under its row's lock, so that none is missing and none is double."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop as _

from mainapp.forum.exceptions import Invalid
from mainapp.forum.models import Room
from mainapp.forum.signals import room_changed


def take_revision(room_pk: int, *, has_new_rules: bool = False, **changes: Any) -> Room:
    """Give a room its next revision, with further changes; it is locked until the commit.

    Announces it after the commit. Raises: Invalid when the room is gone.
    """
    if has_new_rules:
        changes["rules_revision"] = F("revision") + 1
    rooms = Room.objects.filter(pk=room_pk)
    if not rooms.update(revision=F("revision") + 1, **changes):
        raise Invalid(_("Esta sala não existe mais."))
    room = rooms.get()
    announced = {"revision": room.revision, "rules_revision": room.rules_revision}
    transaction.on_commit(
        partial(room_changed.send, sender=Room, room_pk=room.pk, **announced), robust=True
    )
    return room
