"""The last recorded quotes for the home page, the picker and watchlists."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, DateField, F, FilteredRelation, Q, QuerySet, Value

from mainapp.core.pages import page_of
from mainapp.market.indicators import ranking
from mainapp.market.models import LastQuote, Stock, Watchlist, WatchlistItem
from mainapp.market.quotes import Quote
from mainapp.market.symbols import INDEX

MARKETS: dict[str, Q] = {
    "IBOV": Q(memberships__market="IBOV"),
    "FII": Q(kind=Stock.Kind.FII),
    "ETF": Q(kind=Stock.Kind.ETF),
    "BDR": Q(kind=Stock.Kind.BDR),
    "ALL": Q(),
}
PAGE_SIZE = 300
MAX_WORDS = 6
FIELDS = ("symbol", "name", "kind", "sector", "search_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStock:
    """A line of the home page's rankings. `turnover` is price by volume, in whole reais."""

    symbol: str
    name: str
    price: Decimal
    change_pct: Decimal | None
    turnover: int | None
    quoted_at: datetime | None
    quoted_at_estimated: bool
    doubtful_price: Decimal | None


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
    """A stock with its last price, which is None before the first quote."""

    symbol: str
    name: str
    kind: str
    kind_name: str
    sector: str
    search_text: str
    price: Decimal | None
    change_pct: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a market's stocks, the market's sectors, and the numbers of stocks."""

    rows: list[ListedStock]
    sectors: list[str]
    total: int
    matching: int
    page: int
    pages: int
    portfolio_on: date | None


def home_board() -> HomeBoard:
    """Return the quotes that the home page shows on load. One query."""
    quotes = {
        last.stock.symbol: last.to_quote()
        for last in LastQuote.objects.filter(
            Q(stock__memberships__market="IBOV") | Q(stock__symbol=INDEX),
            simulated=settings.SIMULATED,
        ).select_related("stock")
    }
    ranks = ranking({symbol: quote.to_wire() for symbol, quote in quotes.items()})
    return HomeBoard(
        index=quotes.get(INDEX),
        quoted_at=max(
            (quote.quoted_at for quote in quotes.values() if quote.quoted_at), default=None
        ),
        **{
            name: [_ranked(quotes[symbol]) for symbol in symbols] for name, symbols in ranks.items()
        },
    )


def _ranked(quote: Quote) -> RankedStock:
    return RankedStock(
        symbol=quote.symbol,
        name=quote.name,
        price=quote.price,
        change_pct=quote.change_pct,
        turnover=None if quote.volume is None else int(quote.price * quote.volume),
        quoted_at=quote.quoted_at,
        quoted_at_estimated=quote.quoted_at_estimated,
        doubtful_price=quote.doubtful_price,
    )


def listing(*, market: str, words: Iterable[str] = (), sector: str = "", page: str = "") -> Listing:
    """Return a page of a market of MARKETS, ordered by symbol. Two queries.

    All `words`, folded like `Stock.search_text`, must occur in it. A page out of range is replaced
    by the nearest one.
    """
    stocks = Stock.objects.filter(MARKETS[market], is_active=True)
    match = Q()
    for word in list(words)[:MAX_WORDS]:
        match &= Q(search_text__contains=word)
    if sector:
        match &= Q(sector=sector)
    sectors = stocks.order_by("sector").values_list("sector")
    counts = list(sectors.annotate(size=Count("pk"), matches=Count("pk", filter=match)))
    matching = sum(matches for *_, matches in counts)
    shown = page_of(range(matching), page, size=PAGE_SIZE)
    rows, portfolio_on = _page(stocks.filter(match), shown.number, dated=market == "IBOV")
    return Listing(
        rows=rows,
        sectors=[name for name, *_ in counts if name],
        total=sum(size for _, size, _ in counts),
        matching=matching,
        page=shown.number,
        pages=shown.paginator.num_pages,
        portfolio_on=portfolio_on,
    )


def _page(
    stocks: QuerySet[Stock], page: int, *, dated: bool
) -> tuple[list[ListedStock], date | None]:
    """Return one page of stocks with their last prices, and the date of their memberships."""
    last = FilteredRelation("last_quotes", condition=_is_current_kind("last_quotes"))
    as_of = F("memberships__as_of") if dated else Value(None, DateField())
    rows = (
        stocks.annotate(last=last, as_of=as_of)
        .order_by("symbol")
        .values_list(*FIELDS, "last__price", "last__previous_close", "as_of")
    )
    page_rows = list(rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
    dates = [as_of for *_, as_of in page_rows if as_of]
    return [_listed(*row) for *row, _ in page_rows], max(dates, default=None)


def listed_in(watchlist: Watchlist) -> list[ListedStock]:
    """Return the stocks of a watchlist in its order, with their last prices. One query."""
    last = FilteredRelation("stock__last_quotes", condition=_is_current_kind("stock__last_quotes"))
    rows = (
        WatchlistItem.objects.filter(watchlist=watchlist)
        .annotate(last=last)
        .order_by("position", "pk")
        .values_list(*(f"stock__{name}" for name in FIELDS), "last__price", "last__previous_close")
    )
    return [_listed(*row) for row in rows]


def _is_current_kind(relation: str) -> Q:
    return Q(**{f"{relation}__simulated": settings.SIMULATED})


def _listed(
    symbol: str,
    name: str,
    kind: str,
    sector: str,
    search_text: str,
    price: Decimal | None,
    previous_close: Decimal | None,
) -> ListedStock:
    quote = price and Quote(
        symbol=symbol,
        price=price,
        previous_close=previous_close,
        source="",
        simulated=settings.SIMULATED,
    )
    return ListedStock(
        symbol=symbol,
        name=name,
        kind=kind,
        kind_name=str(Stock.Kind(kind).label),
        sector=sector,
        search_text=search_text,
        price=price,
        change_pct=quote.change_pct if quote else None,
    )
