"""The last recorded quotes for the home page and watchlists."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain

from django.conf import settings
from django.db.models import FilteredRelation, Q

from mainapp.accounts.models import User
from mainapp.core.prices import written
from mainapp.market.indicators import ranking
from mainapp.market.models import LastQuote, Watchlist, WatchlistItem
from mainapp.market.quotes import Quote
from mainapp.market.rendering import Point
from mainapp.market.selectors.candles import sparkline_points
from mainapp.market.selectors.indices import in_index
from mainapp.market.selectors.quotes import bare_quote
from mainapp.market.symbols import INDEX

FIELDS = ("symbol", "name", "kind", "sector", "country", "is_active", "price_places")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStock:
    """A line of the home page's rankings. `turnover` is price by volume, in whole reais.

    `points` are those of its sparkline.
    """

    symbol: str
    name: str
    price: Decimal
    change_pct: Decimal | None
    turnover: int | None
    quoted_at: datetime | None
    quoted_at_estimated: bool
    doubtful_price: Decimal | None
    previous_close: Decimal | None
    points: list[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeBoard:
    """The index and the three rankings of its stocks. `quoted_at` is the newest time of all."""

    index: Quote | None = None
    traded: list[RankedStock] = field(default_factory=list)
    gainers: list[RankedStock] = field(default_factory=list)
    losers: list[RankedStock] = field(default_factory=list)
    quoted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStock:
    """A stock with its last price, which is None before the first quote.

    `weight_pct` is that in an index list, None if the list does not give it.
    """

    symbol: str
    name: str
    kind: str
    sector: str
    country: str
    is_active: bool
    price: Decimal | None
    change_pct: Decimal | None
    previous_close: Decimal | None = None
    points: Sequence[Point] = ()
    weight_pct: Decimal | None = None


def home_board() -> HomeBoard:
    """Return the quotes that the home page shows on load. Two queries."""
    quotes = {
        last.stock.symbol: last.to_quote()
        for last in LastQuote.objects.filter(
            in_index(INDEX, prefix="stock__") | Q(stock__symbol=INDEX),
            kind=settings.QUOTE_KIND,
        ).select_related("stock")
    }
    ranks = ranking({symbol: quote.to_wire() for symbol, quote in quotes.items()})
    points = sparkline_points([quotes[symbol] for symbol in {*chain(*ranks.values())}])
    return HomeBoard(
        index=quotes.get(INDEX),
        quoted_at=max(
            (quote.quoted_at for quote in quotes.values() if quote.quoted_at), default=None
        ),
        **{
            name: [_ranked(quotes[symbol], points.get(symbol, [])) for symbol in symbols]
            for name, symbols in ranks.items()
        },
    )


def index_quotes() -> list[Quote]:
    """Return the last quotes of the index and its stocks, the index first. One query."""
    rows = LastQuote.objects.filter(
        in_index(INDEX, prefix="stock__") | Q(stock__symbol=INDEX), kind=settings.QUOTE_KIND
    )
    quotes = [row.to_quote() for row in rows.select_related("stock").distinct()]
    return sorted(quotes, key=lambda quote: (quote.symbol != INDEX, quote.symbol))


def _ranked(quote: Quote, points: list[tuple[int, str]]) -> RankedStock:
    turnover = quote.turnover()
    return RankedStock(
        symbol=quote.symbol,
        name=quote.name,
        price=quote.price,
        change_pct=quote.change_pct,
        turnover=None if turnover is None else int(turnover),
        quoted_at=quote.quoted_at,
        quoted_at_estimated=quote.quoted_at_estimated,
        doubtful_price=quote.doubtful_price,
        previous_close=quote.previous_close,
        points=points,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnList:
    """The first stocks with a price of a user's current list; `name` is empty without a list."""

    name: str
    lines: list[RankedStock]


def current_lines(user: User, *, size: int) -> OwnList:
    """Return the first `size` stocks of a user's current list. Three queries at most."""
    items = list(
        WatchlistItem.objects.filter(watchlist__owner=user, watchlist__is_current=True)
        .select_related("watchlist")
        .order_by("position", "pk")[:size]
    )
    ids = [item.stock_id for item in items]
    rows = LastQuote.objects.filter(stock__in=ids, kind=settings.QUOTE_KIND)
    quotes = {row.stock_id: row.to_quote() for row in rows.select_related("stock")} if ids else {}
    points = sparkline_points(quotes.values())
    shown = [quotes[pk] for pk in ids if pk in quotes]
    return OwnList(
        name=items[0].watchlist.name if items else "",
        lines=[_ranked(quote, points[quote.symbol]) for quote in shown],
    )


def listed_in(watchlist: Watchlist) -> list[ListedStock]:
    """Return the stocks of a watchlist in its order, with their last prices and sparklines.

    Two queries.
    """
    last = FilteredRelation("stock__last_quotes", condition=is_current_kind("stock__last_quotes"))
    rows = (
        WatchlistItem.objects.filter(watchlist=watchlist)
        .annotate(last=last)
        .order_by("position", "pk")
        .values_list(
            *(f"stock__{name}" for name in FIELDS),
            "last__price",
            "last__previous_close",
            "last__quoted_at",
        )
    )
    times = {row[0]: row[-1] for row in rows}
    stocks = [listed(*row[:-1]) for row in rows]
    quotes = (
        bare_quote(stock.symbol, stock.price, quoted_at=times[stock.symbol]) for stock in stocks
    )
    points = sparkline_points(quote for quote in quotes if quote)
    return [replace(stock, points=points.get(stock.symbol, ())) for stock in stocks]


def is_current_kind(relation: str) -> Q:
    """Return the condition that quotes are of the kind of this run."""
    return Q(**{f"{relation}__kind": settings.QUOTE_KIND})


def listed(
    symbol: str,
    name: str,
    kind: str,
    sector: str,
    country: str,
    is_active: bool,
    price_places: int,
    price: Decimal | None,
    previous_close: Decimal | None,
    weight_pct: Decimal | None = None,
) -> ListedStock:
    """Return a stock of the columns FIELDS, the last price and previous close, and a weight."""
    quote = bare_quote(symbol, price, previous_close)
    return ListedStock(
        symbol=symbol,
        name=name,
        kind=kind,
        sector=sector,
        country=country,
        is_active=is_active,
        price=None if price is None else written(price, price_places),
        change_pct=quote.change_pct if quote else None,
        previous_close=previous_close,
        weight_pct=weight_pct,
    )
