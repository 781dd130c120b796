"""Queries of uploads."""
