"""Writes of the forum: messages, rooms, moderation, reports."""
