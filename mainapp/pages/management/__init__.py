"""Commands that combine features."""
