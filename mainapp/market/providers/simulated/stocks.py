"""Parameters of simulated stocks: price, turnover, volatility, and correlation with the market."""

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from mainapp.market.providers.base import Listing
from mainapp.market.providers.simulated.draws import uniform
from mainapp.market.symbols import is_pair

INDEX = "IBOV"

# Rounded prices of 2026. They have to look realistic, not to be accurate.
BASE_PRICES = {
    "IBOV": 160_000.0,
    "PETR3": 34.1,
    "PETR4": 32.0,
    "VALE3": 72.0,
    "ITUB4": 39.5,
    "ITSA4": 11.6,
    "BBDC3": 16.1,
    "BBDC4": 18.6,
    "BBAS3": 22.0,
    "ABEV3": 13.8,
    "WEGE3": 44.0,
    "B3SA3": 14.1,
    "AXIA3": 58.0,
    "AXIA6": 61.0,
    "RENT3": 43.0,
    "SUZB3": 50.0,
    "EMBJ3": 88.0,
    "RADL3": 23.0,
    "EQTL3": 38.0,
    "SBSP3": 131.0,
    "PRIO3": 40.0,
    "MGLU3": 9.2,
    "LREN3": 14.6,
    "GGBR4": 19.0,
    "CSNA3": 8.8,
    "VIVT3": 33.0,
    "TAEE11": 40.0,
    "KLBN11": 18.6,
    "SANB11": 32.0,
    "BPAC11": 54.0,
    "BOVA11": 156.0,
    "IVVB11": 410.0,
    "SMAL11": 112.0,
    "HASH11": 84.0,
    "HGLG11": 158.0,
    "KNRI11": 152.0,
    "MXRF11": 9.6,
    "XPML11": 106.0,
    "VISC11": 104.0,
    "AAPL34": 72.0,
    "MSFT34": 108.0,
    "GOGL34": 130.0,
    "AMZO34": 61.0,
    "NVDC34": 20.0,
    "BTCBRL": 520_000.0,
    "ETHBRL": 17_500.0,
    "SOLBRL": 860.0,
    "USDTBRL": 5.35,
    "BNBBRL": 4_900.0,
    "XRPBRL": 12.4,
    "DOGEBRL": 0.86,
    "ADABRL": 2.4,
    "LTCBRL": 470.0,
    "LINKBRL": 78.0,
    "AVAXBRL": 82.0,
    "DOTBRL": 13.5,
    "SHIBBRL": 0.000052,
}
# As in data/others.json; the prices of other pairs have two.
PLACES = {
    "USDTBRL": 4,
    "XRPBRL": 4,
    "DOGEBRL": 5,
    "ADABRL": 4,
    "DOTBRL": 3,
    "SHIBBRL": 8,
}
CALM = "USDTBRL"  # follows the dollar
YEARLY_VOLATILITY_OF_MARKET = 0.19


@dataclass(frozen=True, slots=True)
class SimulatedStock:
    """A simulated stock.

    `base_cents` is its price around 2026 in units of its last place (cents, with 2 `places`),
    `volatility` the standard deviation of a calendar day as a ratio, `correlation` that with the
    market (0 to 1), `shares` the number traded in a day, and `outstanding` the number of shares
    that exist (None for an index).
    """

    symbol: str
    base_cents: float
    volatility: float
    correlation: float
    shares: int
    outstanding: int | None
    places: int = 2


@lru_cache(maxsize=5000)
def simulated_stock(seed: int, symbol: str) -> SimulatedStock:
    """Return the stock of any ticker; unknown ones get plausible parameters."""
    key = f"{seed}:{symbol}"
    if symbol == INDEX:
        daily = YEARLY_VOLATILITY_OF_MARKET / 365**0.5
        return SimulatedStock(symbol, BASE_PRICES[INDEX] * 100, daily, 1.0, 9_000_000, None)
    places = PLACES.get(symbol, 2)
    price = BASE_PRICES.get(symbol) or 2 ** uniform(f"{key}:price", *_price_range(symbol))
    yearly = uniform(f"{key}:volatility", *_volatility_range(symbol))
    turnover = 10 ** uniform(f"{key}:turnover", *((8.2, 9.2) if symbol in BASE_PRICES else (6, 8)))
    return SimulatedStock(
        symbol,
        base_cents=price * 10**places,
        places=places,
        volatility=yearly / 365**0.5,
        correlation=uniform(f"{key}:correlation", 0.35, 0.75),
        shares=int(turnover / price),
        outstanding=None
        if is_pair(symbol)
        else int(turnover * uniform(f"{key}:outstanding", 150, 500) / price),
    )


def listings(data: Path) -> list[Listing]:
    """Return the stocks of the project's data files."""
    files = (data / "b3_papers.json", data / "others.json")
    papers = (json.loads(path.read_text(encoding="utf-8"))["papers"] for path in files)
    return [
        Listing(
            symbol=row["symbol"], name=row["name"], sector=row["sector"] or "", kind=row["kind"]
        )
        for row in chain.from_iterable(papers)
    ]


def _price_range(symbol: str) -> tuple[float, float]:
    """Return the price range of a stock of this kind, as exponents of two."""
    return (3.2, 7.2) if symbol.endswith("11") else (1.6, 6.0)


def _volatility_range(symbol: str) -> tuple[float, float]:
    if is_pair(symbol):
        return (0.12, 0.16) if symbol == CALM else (0.45, 0.75)
    return (0.12, 0.26) if symbol.endswith("11") else (0.24, 0.42)
