"""In-process signals of the market."""

from django.dispatch import Signal

# Sent inside the transaction that records a batch. Arguments: `quotes: list[Quote]` (accepted, with
# a time), `last: dict[str, Quote]` (the quotes before them), `stocks: dict[str, Stock]` (the locked
# rows), `at: datetime` and `splits: frozenset[str]` (symbols whose price an event has changed).
quotes_recorded = Signal()
