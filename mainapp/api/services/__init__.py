"""Writes of the API itself: tokens, and the answers that are kept."""
