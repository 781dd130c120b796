"""A walk through docs/DEPLOY.md on empty machines, command by command."""
