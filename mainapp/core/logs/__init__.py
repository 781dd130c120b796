"""Logging: formats, redaction of secrets, and the context (request id, user, view) of records."""
