"""Queries of alerts."""
