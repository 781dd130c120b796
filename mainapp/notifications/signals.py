"""What the feature announces in-process: rows were written that a socket or a worker waits for.

Sent inside the transaction with `users` (ids of the inboxes that change, None for all of them) and
`has_deliveries`.
"""

from django.dispatch import Signal

rows_written = Signal()
