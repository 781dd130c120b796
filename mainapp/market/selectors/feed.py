"""The state of the market and of the feed, for pages that show prices."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import redis
from django.conf import settings

from mainapp.market import sessions
from mainapp.market.board import Board, LateSymbols
from mainapp.market.fanout.feed import late_symbols, state_of
from mainapp.market.symbols import is_pair


def feed_state(*, at: datetime) -> dict[str, Any]:
    """Return the context with which templates mark old prices. One round trip to Redis.

    With `feed` the base template marks all prices of the page, and everything derived from them.
    With `late_symbols`, which neither the last batch nor a stream has reached, other templates mark
    single ones.
    """
    try:
        pulse = Board(kind=settings.QUOTE_KIND).pulse()
    except redis.RedisError:
        return {"feed": "down", "late_symbols": LateSymbols()}
    return {"feed": state_of(pulse, at=at), "late_symbols": late_symbols(pulse, at=at)}


def market_status(
    *, at: datetime, newest_at: datetime | None = None, symbols: Collection[str] = ()
) -> dict[str, Any]:
    """Return the context of `_market_status.html`, and that of `feed_state`.

    The session is B3's, unless all `symbols` of the page are crypto currencies.
    """
    is_always_open = settings.QUOTE_KIND != "real" or (bool(symbols) and all(map(is_pair, symbols)))
    return {
        "session": "open" if is_always_open else sessions.session(at),
        "last_close": sessions.last_close(at),
        "newest_at": newest_at,
        **feed_state(at=at),
    }
