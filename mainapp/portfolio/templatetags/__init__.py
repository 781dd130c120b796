"""What the portfolio's templates may use."""
