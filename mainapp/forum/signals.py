"""Signals of the forum, within one process."""

from django.dispatch import Signal

# Sent after the commit with the integers `room_pk`, `revision` and `rules_revision`.
room_changed = Signal()
