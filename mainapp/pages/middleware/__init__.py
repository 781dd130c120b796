"""The middleware of pages, by subject; their order is in the settings."""
