"""Benchmarks: one script per question; each prints its measurements and their ratios."""
