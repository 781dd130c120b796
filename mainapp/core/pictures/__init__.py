"""Pictures of people and clubs: decoded in a resource-limited process, stored as thumbnails."""
