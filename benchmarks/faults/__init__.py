"""Faults injected into real processes: each script prints a tally and exits 3 on a miss."""
