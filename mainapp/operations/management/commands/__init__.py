"""Commands that look after an instance."""
