"""Operation of an instance: dashboard, health, metrics, audit, reports, quotas and commands."""
