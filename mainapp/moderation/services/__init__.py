"""Writes of moderation: complaints, decisions, suspensions, the log."""
