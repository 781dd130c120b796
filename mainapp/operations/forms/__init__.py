"""Forms of the audit and of reports."""
