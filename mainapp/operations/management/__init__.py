"""Management commands of the people who run an instance."""
