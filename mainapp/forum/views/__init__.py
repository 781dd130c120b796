"""The forum's pages: rooms, messages and moderation."""
