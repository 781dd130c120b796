"""Shared parts of the benchmarks and fault scripts: processes, a load client, measurements."""
