"""Writes to accounts: preferences, pictures, deletion."""
