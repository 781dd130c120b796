"""Queries of events and orders."""
