"""Queries of the portfolio: holdings, valuation and the carteira page."""

from mainapp.portfolio.selectors.holdings import (
    held_stocks,
    holding_of,
    holdings_of,
    needed_symbols,
    own_rows,
    position_in,
    valuation_of,
)

__all__ = [
    "held_stocks",
    "holding_of",
    "holdings_of",
    "needed_symbols",
    "own_rows",
    "position_in",
    "valuation_of",
]
