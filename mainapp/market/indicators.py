"""What is computed from many quotes at once."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mainapp.market.symbols import INDEX

RANKING_SIZE = 5


def ranking(
    rows: Mapping[str, Mapping[str, Any]], size: int = RANKING_SIZE
) -> dict[str, list[str]]:
    """Return the symbols most traded (price by volume), with the biggest gains and losses.

    `rows` are quotes of the wire's shape by symbol: decimal strings, `None` for what is not known.
    A quote without a price or a change is left out, and so is the index. Ties go by symbol.
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
    """Return the keys of the `size` largest values, the largest first, ties by key."""
    return sorted(values, key=lambda symbol: (-values[symbol], symbol))[:size]
