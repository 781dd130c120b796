"""Every committed change of a room is hinted to all processes."""

from typing import Any

from django.dispatch import receiver

from mainapp.forum.fanout.hints import hints
from mainapp.forum.signals import room_changed


@receiver(room_changed)
def hint_change(*, room_pk: int, revision: int, rules_revision: int, **_kwargs: Any) -> None:
    hints.room_changed(room_pk=room_pk, revision=revision, rules_revision=rules_revision)
