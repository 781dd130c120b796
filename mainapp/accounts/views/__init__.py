"""Views of log-ins, passwords and e-mails, of second factors, and of the list of sessions."""
