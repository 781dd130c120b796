"""Read queries of alerts."""
