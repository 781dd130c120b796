"""Template tags and filters of the forum."""
