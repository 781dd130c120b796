"""Writes: quotes, the catalogue, history, and watchlists."""
