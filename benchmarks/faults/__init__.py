"""Faults done to real processes: each script prints a tally and exits 1 on a miss."""
