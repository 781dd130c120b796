"""Models of operations: reports, and samples for the dashboard's curves."""

from mainapp.operations.models.reports import Report
from mainapp.operations.models.samples import SLOTS, Sample

__all__ = ["SLOTS", "Report", "Sample"]
