"""Alerts: what a user wants to be told of a price, judged on every recorded batch."""
