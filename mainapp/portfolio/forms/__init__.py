"""What people type into their portfolio."""
