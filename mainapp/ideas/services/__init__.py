"""Changes of ideas."""
