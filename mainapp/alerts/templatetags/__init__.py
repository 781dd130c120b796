"""Template filters of alerts."""
