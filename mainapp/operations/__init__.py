"""What the people who run an instance see of it: the dashboard, health, metrics and quotas."""
