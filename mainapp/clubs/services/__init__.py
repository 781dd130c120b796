"""Changes of clubs and their members."""
