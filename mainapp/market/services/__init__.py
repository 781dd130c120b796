"""Writes: recording quotes, the catalogue, history, lists."""
