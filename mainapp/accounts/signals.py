"""Signals of the accounts, within one process."""

from django.dispatch import Signal

# Sent in the transaction that adds or removes a block, with the Users `blocker` and `blocked` and
# the bool `is_blocked`. A receiver's error undoes the change.
block_changed = Signal()
