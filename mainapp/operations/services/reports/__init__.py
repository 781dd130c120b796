"""Reports: requests, the worker's work, and the sweep."""
