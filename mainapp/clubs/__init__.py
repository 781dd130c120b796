"""Investment clubs: their members and invitations, and the visibility of a club's content."""
