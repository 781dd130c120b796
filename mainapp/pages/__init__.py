"""Pages and commands that combine features: home, profile, health, metrics, the admin."""
