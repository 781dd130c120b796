"""Commands of the operations feature."""
