"""Queries of clubs and their members."""
