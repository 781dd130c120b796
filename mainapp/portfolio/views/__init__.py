"""The portfolio's pages, one module per page."""
