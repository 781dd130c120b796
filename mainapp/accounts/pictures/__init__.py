"""Profile pictures: decoded in a resource-limited process and stored as square thumbnails."""
