"""Writes of alerts: evaluation of batches, and changes by their owners."""
