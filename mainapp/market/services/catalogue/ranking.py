"""Order of the stocks in lists and searches: the commonest first."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

# A stock is ranked in the first of these indices that includes it.
INDICES = ("IBOV", "IBXX", "IBRA", "SMLL", "IDIV", "IFIX")
KINDS = ("index", "stock", "unit", "etf", "fii", "bdr", "bdr-etf", "fiagro", "fi-infra", "crypto")
Weights = Mapping[str, Decimal | None]


def rank_symbols(
    symbols: Sequence[str],
    *,
    weights: Mapping[tuple[str, date], Weights],
    well_known: Sequence[str],
    kinds: Mapping[str, str],
) -> dict[str, int]:
    """Return each symbol's rank: stocks of indices by weight, well-known ones, then others by kind.

    `weights` maps indices and dates to their lists. The newest list of an index determines its
    stocks; an unknown weight is replaced by the last known one.
    """
    places: dict[str, tuple[int, Decimal]] = {}
    for place, index in enumerate(INDICES):
        lists = [weights[key] for key in sorted(weights) if key[0] == index]
        known = {symbol: weight for rows in lists for symbol, weight in rows.items() if weight}
        for symbol in lists[-1] if lists else ():
            places.setdefault(symbol, (place, -known.get(symbol, Decimal(0))))
    for place, symbol in enumerate(well_known):
        places.setdefault(symbol, (len(INDICES), Decimal(place)))
    last = len(INDICES) + 1

    def order(symbol: str) -> tuple[int, Decimal, int, str]:
        kind = kinds[symbol]
        in_kind = KINDS.index(kind) if kind in KINDS else len(KINDS)
        place, weight = (-1, Decimal(0)) if kind == "index" else places.get(symbol, (last, 0))
        return place, Decimal(weight), in_kind, symbol

    return {symbol: rank for rank, symbol in enumerate(sorted(symbols, key=order))}
