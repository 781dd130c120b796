"""Models of operations: reports."""

from mainapp.operations.models.reports import Report

__all__ = ["Report"]
