"""Reads across rows: one module a question."""
