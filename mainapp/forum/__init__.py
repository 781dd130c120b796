"""Rooms: numbered messages, acknowledged when they are committed, live beside the prices."""
