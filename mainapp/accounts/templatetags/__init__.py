"""Template tags and filters for users."""
