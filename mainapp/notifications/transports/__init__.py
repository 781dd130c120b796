"""Transports of messages, a file for each service, all with the protocol of `base`."""
