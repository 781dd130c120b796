"""Management commands of ideas."""
