"""Models of operations: reports, and samples of the instance."""

from mainapp.operations.models.reports import Report
from mainapp.operations.models.samples import SLOTS, Sample

__all__ = ["SLOTS", "Report", "Sample"]
