"""Lighthouse, installed only on demand."""
