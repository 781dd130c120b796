"""Uploads: pictures and files that belong to a thing with an audience, such as a message."""
