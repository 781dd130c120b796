"""One batch of pushed quotes: check, record, place and publish, under the streamer's lease."""

import logging
from collections.abc import Collection
from datetime import datetime

from mainapp.core.leases import Lease
from mainapp.market.quotes import Quote
from mainapp.market.quotes.completion import completed
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.services.recording import record_quotes
from mainapp.market.services.updating import place_quotes

logger = logging.getLogger(__name__)


def record_pushed(*, quotes: Collection[Quote], lease: Lease, at: datetime) -> list[Quote]:
    """Record pushed quotes and publish the changes; return those that are newer than the last.

    Missing fields come from the last recorded quote. Repeated and older quotes are not returned.
    Raises: LeaseLostError, redis.RedisError, django.db.Error.
    """
    with lease.fenced():
        last = last_quotes({quote.symbol for quote in quotes})
        whole = [completed(quote, last.get(quote.symbol)) for quote in quotes]
        recorded = record_quotes(quotes=whole, at=at)
    # Not as warnings: a source that repeats itself would log four lines a second. The page of
    # sources shows the numbers.
    for (source, reason), count in recorded.rejected.items():
        logger.debug("%s: %d pushed quotes refused: %s", source, count, reason)
    place_quotes(recorded.quotes, None, streamer=lease.holder)
    return [quote for quote in recorded.quotes if _is_newer(quote, last.get(quote.symbol))]


def _is_newer(quote: Quote, last: Quote | None) -> bool:
    if quote.quoted_at is None or last is None or last.quoted_at is None:
        return quote.quoted_at is not None
    return quote.quoted_at > last.quoted_at
