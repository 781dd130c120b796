"""What people see of their portfolio: one module a page."""
