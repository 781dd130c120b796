"""Django's PostgreSQL backend with our pool."""
