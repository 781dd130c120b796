"""Mechanisms shared by all features: sockets, publishing, limits, errors, Redis, HTTP, formats."""
