"""Writes about people: preferences, pictures, the end of a session and of an account."""
