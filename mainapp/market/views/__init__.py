"""The market's pages, one module per page."""
