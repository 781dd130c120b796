"""Papers of the same sector, for the page of a paper."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """A paper with its last quote, if it has one, and the points of its day."""

    stock: Stock
    quote: Quote | None
    points: Sequence[tuple[int, str]]

    @property
    def symbol(self) -> str:
        return self.stock.symbol


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
    return [
        Peer(stock=peer, quote=quotes.get(peer.symbol), points=points.get(peer.symbol, ()))
        for peer in shown
    ]
