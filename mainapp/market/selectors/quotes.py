"""The last recorded quotes, as the board is filled and checked with them."""

from collections.abc import Collection

from django.conf import settings

from mainapp.market.models import LastQuote
from mainapp.market.quotes import Quote
from mainapp.market.selectors.boards import quote_of


def last_quotes(symbols: Collection[str] | None = None) -> dict[str, Quote]:
    """Return the last recorded quote of each symbol, or of all, of this run's kind; one query."""
    rows = LastQuote.objects.filter(simulated=settings.SIMULATED).select_related("stock")
    if symbols is not None:
        rows = rows.filter(stock__symbol__in=symbols)
    return {row.stock.symbol: quote_of(row) for row in rows}
