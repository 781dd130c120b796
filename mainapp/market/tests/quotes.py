"""Quotes and a live board for tests."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mainapp.core.redis import client as redis_client
from mainapp.market.board import FeedStatus, Placed
from mainapp.market.quotes import Quote
from mainapp.market.services import updating
from mainapp.market.tests.factories import NOON


def make_quote(symbol: str = "PETR4", price: str = "38.42", **fields: Any) -> Quote:
    """Return a simulated quote with the time `NOON`; `fields` override the defaults."""
    return Quote(
        **{
            "symbol": symbol,
            "price": Decimal(price),
            "source": "simulated",
            "kind": "simulated",
            "quoted_at": NOON,
        }
        | fields
    )


class LiveBoard:
    """The board of a running worker: quotes put on it are also published."""

    def __init__(self) -> None:
        self.lose()
        self.refill()

    async def put(self, *quotes: Quote, status: FeedStatus | None = None) -> Placed:
        return await asyncio.to_thread(updating.place_quotes, quotes, status)

    async def set_feed(
        self, *, due_in_s: float, batch_at: datetime | None = None, late: tuple[str, ...] = ()
    ) -> None:
        """Renew the worker's lease, and set the due time of the next batch."""
        now = datetime.now(UTC)
        due_at = now + timedelta(seconds=due_in_s)
        await self.put(status=FeedStatus(batch_at=batch_at or now, next_due_at=due_at, late=late))
        updating.quote_board().renew_worker_lease()

    @property
    def epoch(self) -> str:
        return updating.quote_board().put([], None).epoch

    def lose(self) -> None:
        redis_client().flushall()

    def refill(self, *quotes: Quote) -> None:
        assert updating.quote_board().restore(quotes)
