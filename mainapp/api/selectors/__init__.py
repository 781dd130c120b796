"""Queries that only the API needs."""
