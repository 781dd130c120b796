"""Reads that combine features."""
