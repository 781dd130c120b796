"""Uploads: pictures and files that belong to what an audience may see, such as a message."""
