"""What the forum announces in-process."""

from django.dispatch import Signal

# Sent after the commit, with `room_pk`, and its `revision` and `rules_revision` by then (int).
room_changed = Signal()
