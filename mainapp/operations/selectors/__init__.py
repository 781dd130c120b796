"""Readings of the whole instance."""
