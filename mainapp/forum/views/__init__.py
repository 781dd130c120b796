"""The forum's pages: the rooms, a room, its messages, the keeping of order."""
