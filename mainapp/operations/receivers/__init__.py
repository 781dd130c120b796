"""Signal receivers of reports, and of the measurements of processes."""
