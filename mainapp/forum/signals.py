"""What the forum announces in-process."""

from django.dispatch import Signal

# Sent after the commit, with `room_pk: int` and `revision: int` (the room's, by then).
room_changed = Signal()
