"""Signals of the agenda."""

from django.dispatch import Signal

# Sent in a transaction, with the `event`. The sender is Event if the event was created, changed,
# cancelled or removed, and Order if its orders changed.
agenda_changed = Signal()
