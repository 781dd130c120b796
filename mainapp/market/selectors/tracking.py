"""The stocks of a tracker, requested or those of a watchlist, with their last recorded quotes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mainapp.core.prices import LEAST_PLACES, places_of
from mainapp.core.table_view import in_order
from mainapp.market.models import Stock, Watchlist
from mainapp.market.quotes import Quote
from mainapp.market.rendering import Point
from mainapp.market.selectors.candles import sparkline_points
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.symbols import canonical

MAX_DRAWN = 60


@dataclass(frozen=True, slots=True)
class TrackedStock:
    """A stock and its last quote, which is None before the first one.

    `points` are those of its sparkline, if they were read.
    """

    symbol: str
    name: str
    quote: Quote | None
    is_traded: bool = True
    is_index: bool = False
    sector: str = ""
    points: Sequence[Point] = ()

    @property
    def side_places(self) -> int:
        """The number of decimal places of secondary prices: none for an index."""
        if self.is_index or self.quote is None:
            return 0 if self.is_index else LEAST_PLACES
        return places_of(self.quote.price)

    @property
    def turnover(self) -> Decimal | None:
        """The day's approximate volume in reais: the shares traded, all at the last price.

        None for an index, which has no shares.
        """
        return None if self.is_index or self.quote is None else self.quote.turnover()


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
    rows = _with_quotes(shown)
    former = [
        text
        for text, stock in named.items()
        if not stock.is_active or stock.symbol != canonical(text)
    ]
    return Tracked(rows, unknown, former), len(stocks) > limit


def tracked_in(watchlist: Watchlist) -> Tracked:
    """Return the stocks of a watchlist in its order. Two queries."""
    items = watchlist.items.order_by("position", "pk").select_related("stock")
    rows = _with_quotes([item.stock for item in items])
    return Tracked(rows, [], [row.symbol for row in rows if not row.is_traded])


def with_points(rows: Iterable[TrackedStock]) -> list[TrackedStock]:
    """Add the points of the first rows' sparklines; a script loads the others. One query.

    A sparkline is 1 to 3 KB of a page, most of a row.
    """
    rows = list(rows)
    points = sparkline_points(row.quote for row in rows[:MAX_DRAWN] if row.quote)
    return [replace(row, points=points.get(row.symbol, ())) for row in rows]


def ordered(rows: Iterable[TrackedStock], by: str, *, is_ascending: bool) -> list[TrackedStock]:
    """Return rows in the order of a column, those without a value last; "" is their own order.

    The comparison is that of `comparator` in static/mainapp/js/market/quotes.js.
    """
    key = SORT_KEYS.get(by)
    return in_order(rows, key, is_ascending=is_ascending) if key else list(rows)


def _with_quotes(stocks: Iterable[Stock]) -> list[TrackedStock]:
    stocks = list(stocks)
    quotes = last_quotes([stock.symbol for stock in stocks])
    return [
        TrackedStock(
            stock.symbol,
            stock.name,
            quotes.get(stock.symbol),
            is_traded=stock.is_active,
            is_index=stock.kind == Stock.Kind.INDEX,
            sector=stock.sector,
        )
        for stock in stocks
    ]


def _of_quote(name: str) -> Callable[[TrackedStock], Any]:
    return lambda row: getattr(row.quote, name, None)


def place_in_range(low: str, high: str) -> Callable[[Any], Decimal | None]:
    """Return the key of a range column: the place of `row.quote.price` between its ends, 0 to 1."""

    def key(row: Any) -> Decimal | None:
        lowest, highest = getattr(row.quote, low, None), getattr(row.quote, high, None)
        if lowest is None or highest is None or lowest >= highest:
            return None
        place: Decimal = (row.quote.price - lowest) / (highest - lowest)
        return min(max(place, Decimal(0)), Decimal(1))

    return key


def _age(row: TrackedStock) -> float | None:
    return -row.quote.quoted_at.timestamp() if row.quote and row.quote.quoted_at else None


SORT_KEYS: dict[str, Callable[[TrackedStock], Any]] = {
    "symbol": lambda row: row.symbol,
    "day": place_in_range("low", "high"),
    "year": place_in_range("year_low", "year_high"),
    "turnover": lambda row: row.turnover,
    "age": _age,
    **{
        name: _of_quote(name)
        for name in (
            "price",
            "change",
            "change_pct",
            "open",
            "previous_close",
            "volume",
            "market_cap",
        )
    },
}
