"""The page of a user's reports."""
