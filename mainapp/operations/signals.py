"""Signals of operations, within one process."""

from django.dispatch import Signal

# Sent with the key `report_pk`, inside the transaction that requests a report.
report_requested = Signal()
