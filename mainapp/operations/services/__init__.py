"""Services for operators, and for the reports of users."""
