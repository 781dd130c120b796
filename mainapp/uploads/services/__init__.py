"""Changes of uploads."""
