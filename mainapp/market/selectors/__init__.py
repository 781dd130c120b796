"""Queries: the catalogue, quotes, candles, watchlists, and the state of sources."""
