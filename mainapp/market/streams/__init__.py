"""Streams: sources that push quotes over a connection that stays open."""
