"""Template tags and filters for all features: icons, numbers, dates."""
