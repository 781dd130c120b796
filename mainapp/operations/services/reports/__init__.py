"""Reports: requests, the work of a worker, and the sweep."""
