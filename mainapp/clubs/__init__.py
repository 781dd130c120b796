"""Investment clubs: their members, invitations, and who sees what belongs to a club."""
