"""Template filters of the market."""
