"""The state of the market and of the feed, for pages that show prices."""

from datetime import datetime
from typing import Any

import redis
from django.conf import settings

from mainapp.market import sessions
from mainapp.market.board import Board
from mainapp.market.events import Feed
from mainapp.market.fanout.feed import state_of


def feed_state(*, at: datetime) -> Feed:
    """Return the state of the feed, as sockets report it. One round trip to Redis."""
    try:
        return state_of(Board(simulated=settings.SIMULATED).pulse(), at=at)
    except redis.RedisError:
        return "down"


def market_status(*, at: datetime, newest_at: datetime | None = None) -> dict[str, Any]:
    """Return the context of `_market_status.html`.

    By `feed` the base template marks all prices of the page, and everything derived from them.
    """
    return {
        "session": "open" if settings.SIMULATED else sessions.session(at),
        "last_close": sessions.last_close(at),
        "newest_at": newest_at,
        "feed": feed_state(at=at),
    }
