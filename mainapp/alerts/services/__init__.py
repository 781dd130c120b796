"""Writes of alerts: judging batches, and what owners change."""
