"""Signal receivers of reports, and of what processes measure."""
