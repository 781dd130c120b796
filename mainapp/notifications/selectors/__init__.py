"""Queries of the inbox, of channels and of deliveries."""
