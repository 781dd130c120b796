"""Signals of operations, within one process."""

from django.dispatch import Signal

# Sent in the transaction that requests a report, with its key `report_pk`.
report_requested = Signal()
