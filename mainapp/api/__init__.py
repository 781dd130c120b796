"""The REST API under /api/v1/: what pages and sockets do, for programs."""
