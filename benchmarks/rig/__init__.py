"""What the benchmarks and fault scripts share: processes, a load client, readings."""
