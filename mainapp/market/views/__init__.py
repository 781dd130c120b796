"""Pages of the market, one module per page."""
