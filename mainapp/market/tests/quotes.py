"""Quotes for tests, and the board as a worker keeps it."""

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
    """Return a stamped, simulated quote; `NOON` is its time unless another is given."""
    return Quote(
        **{
            "symbol": symbol,
            "price": Decimal(price),
            "source": "simulated",
            "simulated": True,
            "quoted_at": NOON,
        }
        | fields
    )


class WorkedBoard:
    """The board with a living worker beside it: what is put there is published."""

    def __init__(self) -> None:
        self.lose()
        self.refill()

    async def put(self, *quotes: Quote, status: FeedStatus | None = None) -> Placed:
        return await asyncio.to_thread(updating.place_quotes, quotes, status)

    async def feed_is(self, *, due_in_s: float, batch_at: datetime | None = None) -> None:
        """Say that a worker lives and when the next batch is due."""
        now = datetime.now(UTC)
        due_at = now + timedelta(seconds=due_in_s)
        await self.put(status=FeedStatus(batch_at=batch_at or now, next_due_at=due_at))
        updating.quote_board().renew_worker_lease()

    @property
    def epoch(self) -> str:
        return updating.quote_board().put([], None).epoch

    def lose(self) -> None:
        redis_client().flushall()

    def refill(self, *quotes: Quote) -> None:
        assert updating.quote_board().restore(quotes)
