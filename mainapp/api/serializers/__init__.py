"""Input and output of the API's operations, one module per feature."""
