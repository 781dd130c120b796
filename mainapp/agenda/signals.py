"""The agenda's in-process announcements."""

from django.dispatch import Signal

# In a transaction, with the `event`. The sender is Event if it was created, changed, cancelled or
# removed, and Order if its seats were.
agenda_changed = Signal()
