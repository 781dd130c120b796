"""Reads across rooms: the pages, what was said, who is there."""
