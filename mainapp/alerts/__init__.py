"""Price alerts, evaluated on every recorded batch of quotes."""
