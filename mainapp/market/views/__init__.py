"""What people see of the market: one module a page."""
