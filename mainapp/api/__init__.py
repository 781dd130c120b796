"""The REST API under /api/v1/: the functions of pages and sockets, for programs."""
