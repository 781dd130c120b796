"""One way out a file, each behind the protocol of `base`."""
