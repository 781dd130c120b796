"""Changes made by the people who run an instance."""
