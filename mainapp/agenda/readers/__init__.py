"""Readers of calendar files."""
