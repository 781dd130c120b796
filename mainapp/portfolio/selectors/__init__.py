"""Reads across rows: what a person holds, and what its page shows of it."""

from mainapp.portfolio.selectors.holdings import (
    holding_of,
    holdings_of,
    needed_symbols,
    own_rows,
    valuation_of,
)

__all__ = ["holding_of", "holdings_of", "needed_symbols", "own_rows", "valuation_of"]
