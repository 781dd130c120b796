"""The agenda's in-process announcements."""

from django.dispatch import Signal

# An event was created, changed, cancelled or removed, in a transaction: `event`.
agenda_changed = Signal()
