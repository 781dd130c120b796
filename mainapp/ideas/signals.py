"""In-process signals of ideas."""

from django.dispatch import Signal

# Sent after the commit of a change that open pages show. Arguments: `ideas: list[tuple[int, int]]`,
# the key and the revision of each.
ideas_changed = Signal()
