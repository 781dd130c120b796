"""Profile pictures: decoded in a process with a limit, kept as square thumbnails in a folder."""
