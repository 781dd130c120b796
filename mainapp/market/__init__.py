"""Stocks, sources of quotes, the board, and the live tracker."""
