"""Pages that combine features: home and health."""
