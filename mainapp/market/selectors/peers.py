"""Papers of the same sector, for the page of a paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mainapp.market.models import Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.candles import sparkline_points
from mainapp.market.selectors.quotes import last_quotes

PEERS_SHOWN = 6
ROOT_LENGTH = 4  # PETR of PETR3 and PETR4: the company
CANDIDATES = 4 * PEERS_SHOWN  # companies have up to four papers
SHARES = (Stock.Kind.ON, Stock.Kind.PN, Stock.Kind.UNIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A line of the list, with the points of its sparkline; unknown fields without a quote."""

    symbol: str
    name: str
    price: Decimal | None = None
    change_pct: Decimal | None = None
    previous_close: Decimal | None = None
    doubtful_price: Decimal | None = None
    quoted_at: datetime | None = None
    quoted_at_estimated: bool = False
    points: Sequence[tuple[int, str]] = ()


def peers_of(stock: Stock) -> list[Peer]:
    """Return the commonest papers of a stock's sector, one for each other company. Three queries.

    Shares are compared with shares, and funds and BDRs with their own kind. No query without a
    known sector.
    """
    if not stock.sector:
        return []
    kinds = SHARES if stock.kind in SHARES else (stock.kind,)
    rows = Stock.objects.filter(sector=stock.sector, kind__in=kinds, is_active=True)
    others = rows.exclude(symbol__startswith=stock.symbol[:ROOT_LENGTH])
    by_company: dict[str, Stock] = {}
    for other in others.order_by("rank", "symbol")[:CANDIDATES]:
        by_company.setdefault(other.symbol[:ROOT_LENGTH], other)
    shown = list(by_company.values())[:PEERS_SHOWN]
    quotes = last_quotes([peer.symbol for peer in shown])
    points = sparkline_points(quotes.values())
    return [_peer(peer, quotes.get(peer.symbol), points.get(peer.symbol, ())) for peer in shown]


def _peer(stock: Stock, quote: Quote | None, points: Sequence[tuple[int, str]]) -> Peer:
    if quote is None:
        return Peer(symbol=stock.symbol, name=stock.name)
    return Peer(
        symbol=stock.symbol,
        name=stock.name,
        price=quote.price,
        change_pct=quote.change_pct,
        previous_close=quote.previous_close,
        doubtful_price=quote.doubtful_price,
        quoted_at=quote.quoted_at,
        quoted_at_estimated=quote.quoted_at_estimated,
        points=points,
    )
