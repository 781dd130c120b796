"""Commands of the clubs, and the data that they write."""
