"""Limits of alerts per user."""

ALERT_LIMIT = 200
