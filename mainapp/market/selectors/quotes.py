"""The last recorded quotes."""

from collections.abc import Collection

from django.conf import settings

from mainapp.market.models import LastQuote
from mainapp.market.quotes import Quote


def last_quotes(symbols: Collection[str] | None = None) -> dict[str, Quote]:
    """Return the last recorded quotes of the given symbols, or of all. One query."""
    rows = LastQuote.objects.filter(simulated=settings.SIMULATED).select_related("stock")
    if symbols is not None:
        rows = rows.filter(stock__symbol__in=symbols)
    return {row.stock.symbol: row.to_quote() for row in rows}
