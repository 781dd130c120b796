"""Management of the operations feature."""
