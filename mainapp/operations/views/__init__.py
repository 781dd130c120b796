"""Pages and endpoints for operators and monitoring, and the users' reports and quotas."""
