"""Sources of quotes: one adapter per file, and the chain that calls them in order."""
