"""Benchmarks: one script a question, each prints what it measured and the ratio to something."""
