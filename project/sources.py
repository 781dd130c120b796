"""The names of the real sources of quotes, in the order in which they are tried by default."""

from project.environment import env

SOURCES = ("brapi", "yahoo", "fmp", "yahoo_fin", "binance")


def real_sources() -> tuple[str, ...]:
    """Return the sources of `QUOTE_SOURCE=auto`: those that have the key that they need."""
    return tuple(name for name in SOURCES if name != "fmp" or env.secret("FMP_KEY"))
