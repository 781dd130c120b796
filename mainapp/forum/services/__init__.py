"""Writes to the forum: messages, rooms, moderation, reports."""
