"""What the people who run an instance see of it: health, metrics and quotas."""
