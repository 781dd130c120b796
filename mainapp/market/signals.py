"""What the market announces in-process."""

from django.dispatch import Signal

# Sent inside the transaction that records a batch, with `quotes: list[Quote]` (accepted and
# stamped), `last: dict[str, Quote]` (before them), `stocks: dict[str, Stock]` (theirs, locked) and
# `at: datetime`.
quotes_recorded = Signal()
