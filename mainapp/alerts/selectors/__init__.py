"""Reads across alerts."""
