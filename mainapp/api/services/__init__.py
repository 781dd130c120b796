"""Writes of the API itself: tokens and saved responses."""
