"""What templates may use of the market: the names of its sectors."""
