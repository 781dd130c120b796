"""The stocks requested from a page, with their last recorded quotes."""

from collections.abc import Iterable
from dataclasses import dataclass

from mainapp.market.quotes import Quote
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.symbols import canonical


@dataclass(frozen=True, slots=True)
class TrackedStock:
    """A stock and its last quote, which is None before the first one."""

    symbol: str
    name: str
    quote: Quote | None
    is_traded: bool = True

    @property
    def side_places(self) -> int:
        """The number of decimal places of secondary prices: none for an index."""
        return 0 if self.quote and self.quote.price >= 10_000 else 2


@dataclass(frozen=True, slots=True)
class Tracked:
    """The requested stocks in their order, and the requested strings that are not stocks.

    `former` are the requested codes that no longer trade, with or without a successor.
    """

    rows: list[TrackedStock]
    unknown: list[str]
    former: list[str]


def tracked_stocks(texts: Iterable[str], *, limit: int) -> tuple[Tracked, bool]:
    """Return at most `limit` of the requested stocks, and whether there were more.

    Fractional and former symbols are replaced by the current symbol. Two queries.
    """
    texts = list(dict.fromkeys(texts))
    named = stocks_named(texts)
    stocks = {stock.pk: stock for stock in named.values()}
    unknown = [text for text in texts if text not in named]
    shown = list(stocks.values())[:limit]
    quotes = last_quotes([stock.symbol for stock in shown])
    rows = [
        TrackedStock(stock.symbol, stock.name, quotes.get(stock.symbol), stock.is_active)
        for stock in shown
    ]
    former = [
        text
        for text, stock in named.items()
        if not stock.is_active or stock.symbol != canonical(text)
    ]
    return Tracked(rows, unknown, former), len(stocks) > limit
