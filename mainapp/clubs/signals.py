"""Signals of the clubs."""

from django.dispatch import Signal

# Within the transaction of the change, with the locked club's id and the users' ids: `club_pk`,
# `joined` and `left`.
members_changed = Signal()
