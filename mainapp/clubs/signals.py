"""Signals of the clubs."""

from django.dispatch import Signal

# Sent in the transaction of the change, with `club_pk`, the id of the locked club, and the ids of
# the users who `joined` and `left`.
members_changed = Signal()
