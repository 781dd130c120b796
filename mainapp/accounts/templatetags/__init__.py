"""What templates may use of people: their names and pictures."""
