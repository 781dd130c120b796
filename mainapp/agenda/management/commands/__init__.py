"""Commands of the agenda."""
