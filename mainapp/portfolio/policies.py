"""Limits of a portfolio and of an imported file."""

MAX_ROWS = 500
MAX_NOTA = 10
MAX_FILE_ROWS = 5000
MAX_FILE_BYTES = 2 * 1024 * 1024
