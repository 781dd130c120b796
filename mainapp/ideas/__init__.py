"""Ideas about stocks, which recorded quotes judge, and the track records of their authors."""
