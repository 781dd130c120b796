"""Views of log-ins, passwords and e-mails, of second factors, and of the session list."""
