"""Papers of the same sector, for the page of a paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import ExpressionWrapper, F, FloatField

from mainapp.market.models import LastQuote, Stock
from mainapp.market.quotes import Quote
from mainapp.market.selectors.candles import sparkline_points

PEERS_SHOWN = 6
ROOT_LENGTH = 4  # PETR of PETR3 and PETR4: the company
CANDIDATES = 4 * PEERS_SHOWN  # companies have up to four papers
SHARES = (Stock.Kind.ON, Stock.Kind.PN, Stock.Kind.UNIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A paper with its last quote and the points of its day."""

    stock: Stock
    quote: Quote
    points: Sequence[tuple[int, str]]

    @property
    def symbol(self) -> str:
        return self.stock.symbol


def peers_of(stock: Stock) -> list[Peer]:
    """Return the most traded papers of a stock's sector, one for each other company. Two queries.

    Shares are compared with shares, and funds and BDRs with their own kind. No query without a
    known sector.
    """
    if not stock.sector:
        return []
    kinds = SHARES if stock.kind in SHARES else (stock.kind,)
    rows = LastQuote.objects.filter(
        simulated=settings.SIMULATED,
        stock__sector=stock.sector,
        stock__kind__in=kinds,
        stock__is_active=True,
    ).exclude(stock__symbol__startswith=stock.symbol[:ROOT_LENGTH])
    turnover = ExpressionWrapper(F("price") * F("volume"), output_field=FloatField())
    ordered = rows.order_by(turnover.desc(nulls_last=True), "stock__symbol")
    by_company: dict[str, LastQuote] = {}
    for row in ordered.select_related("stock")[:CANDIDATES]:
        by_company.setdefault(row.stock.symbol[:ROOT_LENGTH], row)
    shown = list(by_company.values())[:PEERS_SHOWN]
    quotes = {row.stock.symbol: row.to_quote() for row in shown}
    points = sparkline_points(quotes.values())
    return [
        Peer(stock=row.stock, quote=quotes[row.stock.symbol], points=points[row.stock.symbol])
        for row in shown
    ]
