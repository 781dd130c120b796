"""The last recorded quotes, with which the board is filled and new quotes are compared."""

from collections.abc import Collection

from django.conf import settings

from mainapp.market.models import LastQuote
from mainapp.market.quotes import Quote


def last_quotes(symbols: Collection[str] | None = None) -> dict[str, Quote]:
    """Return the last recorded quote of each symbol, or of all, of this run's kind; one query."""
    rows = LastQuote.objects.filter(simulated=settings.SIMULATED).select_related("stock")
    if symbols is not None:
        rows = rows.filter(stock__symbol__in=symbols)
    return {row.stock.symbol: row.to_quote() for row in rows}
