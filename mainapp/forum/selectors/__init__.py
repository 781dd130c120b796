"""Queries of the forum: rooms, messages, moderation."""
