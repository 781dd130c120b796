"""What the forum's templates need."""
