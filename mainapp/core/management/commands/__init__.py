"""`manage.py` commands of the core."""
