"""Reads of the forum: rooms, messages, moderation."""
