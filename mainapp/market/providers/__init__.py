"""Sources of quotes: one adapter a file, and the chain that asks them in order."""
