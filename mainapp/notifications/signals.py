"""The in-process signal for new rows of the inbox or the outbox.

Sent inside the transaction with `users` (ids of the users whose inboxes change, None for all) and
`has_deliveries`.
"""

from django.dispatch import Signal

rows_written = Signal()
