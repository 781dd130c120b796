"""Queries over the whole instance."""
