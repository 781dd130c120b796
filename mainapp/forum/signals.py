"""Signals of the forum, within one process."""

from django.dispatch import Signal

# Sent after the commit with the integers `room_pk`, `revision` and `rules_revision`.
room_changed = Signal()
# Sent after the commit with the integers `room_pk`, `seq` and `rules_revision` and the User `user`,
# whose read mark in a private room has moved to `seq`.
room_read = Signal()
