"""Indicators over many quotes: the ranking by turnover, gain and loss."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mainapp.market.symbols import INDEX

RANKING_SIZE = 5


def ranking(
    rows: Mapping[str, Mapping[str, Any]], size: int = RANKING_SIZE
) -> dict[str, list[str]]:
    """Return the symbols with the highest turnover (price by volume), gain and loss.

    `rows` maps symbols to quotes as sent to clients: decimal strings, None for unknown values.
    Quotes without a price or a change, and the index, are skipped. Ties are ordered by symbol.
    """
    known = {
        symbol: row
        for symbol, row in rows.items()
        if symbol != INDEX and row.get("price") and row.get("change_pct")
    }
    changes = {symbol: Decimal(row["change_pct"]) for symbol, row in known.items()}
    turnovers = {
        symbol: Decimal(row["price"]) * row["volume"]
        for symbol, row in known.items()
        if row.get("volume")
    }
    gains = {symbol: change for symbol, change in changes.items() if change > 0}
    losses = {symbol: -change for symbol, change in changes.items() if change < 0}
    return {
        "traded": _largest(turnovers, size),
        "gainers": _largest(gains, size),
        "losers": _largest(losses, size),
    }


def _largest(values: Mapping[str, Decimal], size: int) -> list[str]:
    """Return the keys of the `size` largest values in descending order; ties by key."""
    return sorted(values, key=lambda symbol: (-values[symbol], symbol))[:size]
