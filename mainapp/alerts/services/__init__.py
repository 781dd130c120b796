"""Writes to alerts: evaluation of batches, and changes by their owners."""
