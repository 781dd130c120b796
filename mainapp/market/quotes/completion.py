"""Completion of pushed quotes, which have fewer fields than polled ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from mainapp.market.quotes.quote import Quote
from mainapp.market.sessions import SAO_PAULO


def completed(quote: Quote, last: Quote | None) -> Quote:
    """Return the quote with the fields that it lacks, from the last recorded one.

    Those of the day are taken only from a quote of the same day in São Paulo; a range is extended
    to contain the new price.
    """
    if last is None or not quote.price.is_finite() or quote.price <= 0:
        return quote
    price = quote.price
    values: dict[str, Decimal | int | None] = {
        "market_cap": quote.market_cap or last.market_cap,
        "year_low": quote.year_low or _extended(last.year_low, price, min),
        "year_high": quote.year_high or _extended(last.year_high, price, max),
    }
    if _day(quote.quoted_at) == _day(last.quoted_at):
        values |= {
            "previous_close": quote.previous_close or last.previous_close,
            "open": quote.open or last.open,
            "low": quote.low or _extended(last.low, price, min),
            "high": quote.high or _extended(last.high, price, max),
            "volume": last.volume if quote.volume is None else quote.volume,
        }
    return replace(quote, **values)  # type: ignore[arg-type] # each has its field's type


def _extended(
    limit: Decimal | None, price: Decimal, extend: Callable[[Decimal, Decimal], Decimal]
) -> Decimal | None:
    return None if limit is None else extend(limit, price)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(SAO_PAULO).date() if moment else None
