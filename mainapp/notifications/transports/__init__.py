"""One service per file, each behind the protocol of `base`."""
