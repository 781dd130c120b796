"""The stocks that a page was asked for, with their last recorded quotes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from mainapp.market.models import LastQuote, Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.watchlists import stocks_named


@dataclass(frozen=True, slots=True)
class TrackedStock:
    """A stock and its last quote of the run's kind, None before the first."""

    symbol: str
    name: str
    quote: Quote | None

    @property
    def side_places(self) -> int:
        """How many places the prices beside the newest one are shown with: an index needs none."""
        return 0 if self.quote and self.quote.price >= 10_000 else 2


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was found of the asked texts, in their order, and the texts that name no stock."""

    rows: list[TrackedStock]
    unknown: list[str]


def tracked_stocks(texts: Iterable[str], *, limit: int) -> tuple[Tracked, bool]:
    """Return at most `limit` of the stocks that `texts` name, and whether there were more.

    A paper of the fractional market stands for its whole lot, a former symbol for today's. Two
    queries.
    """
    texts = list(dict.fromkeys(texts))
    named = stocks_named(texts)
    stocks = {stock.pk: stock for stock in named.values()}
    unknown = [text for text in texts if text not in named]
    kept = list(stocks.values())[:limit]
    quotes = last_quotes(kept)
    rows = [TrackedStock(stock.symbol, stock.name, quotes.get(stock.symbol)) for stock in kept]
    return Tracked(rows, unknown), len(stocks) > limit


def last_quotes(stocks: Iterable[Stock]) -> dict[str, Quote]:
    """Return the last quotes of the run's kind by symbol: one query."""
    rows = LastQuote.objects.filter(stock__in=list(stocks), simulated=settings.SIMULATED)
    return {last.stock.symbol: last.to_quote() for last in rows.select_related("stock")}
