"""Events as words and as calendar files."""
