"""Queries that combine features."""
