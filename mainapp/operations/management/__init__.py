"""Management of an instance."""
