"""The last recorded quotes."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from mainapp.market.models import LastQuote
from mainapp.market.quotes import Quote


def bare_quote(
    symbol: str,
    price: Decimal | None,
    previous_close: Decimal | None = None,
    quoted_at: datetime | None = None,
) -> Quote | None:
    """Return a quote made of columns of a query, to compute its change; None without a price."""
    if price is None:
        return None
    return Quote(
        symbol=symbol,
        price=price,
        previous_close=previous_close,
        quoted_at=quoted_at,
        source="",
        kind=settings.QUOTE_KIND,
    )


def last_quotes(symbols: Collection[str] | None = None) -> dict[str, Quote]:
    """Return the last recorded quotes of the given symbols, or of all. One query."""
    rows = LastQuote.objects.filter(kind=settings.QUOTE_KIND).select_related("stock")
    if symbols is not None:
        rows = rows.filter(stock__symbol__in=symbols)
    return {row.stock.symbol: row.to_quote() for row in rows}
