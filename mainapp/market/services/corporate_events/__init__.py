"""Corporate events that the sources of quotes report: reading, checking, and merging into rows."""

from mainapp.market.services.corporate_events.reading import read_due_reports, want_events
from mainapp.market.services.corporate_events.reports import record_report

__all__ = ["read_due_reports", "record_report", "want_events"]
