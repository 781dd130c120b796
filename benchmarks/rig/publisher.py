"""The last steps of a worker's batch without the others: update the board and publish.

Reads JSON commands from its standard input (`benchmarks.rig.processes.Worker`).
"""

import json
import random
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import django
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

django.setup()

from benchmarks.rig.usual import GROUP, LAYER
from mainapp.core.redis import client as redis_client
from mainapp.market.board import Board, FeedStatus
from mainapp.market.quotes import Quote
from mainapp.market.services.recording import record_quotes
from mainapp.market.services.updating import place_quotes

CENT = Decimal("0.01")
rng = random.Random(1)  # noqa: S311 - made-up prices


def first_quote(symbol: str) -> Quote:
    close = Decimal(rng.randrange(500, 9000)) / 100
    return Quote(
        symbol=symbol,
        name=f"{symbol} do Brasil",
        price=close,
        source="simulated",
        kind="simulated",
        previous_close=close,
        open=close,
        high=close,
        low=close,
        volume=1_000_000,
        market_cap=close * 1_000_000_000,
        year_low=close / 2,
        year_high=close * 2,
        quoted_at=datetime.now(UTC),
    )


def next_quote(quote: Quote) -> Quote:
    """Return the next quote; as on a busy day, every variable field changes."""
    price = max(CENT, quote.price + Decimal(rng.choice((-3, -2, -1, 1, 2, 3))) / 100)
    high, low = quote.high or price, quote.low or price
    return replace(
        quote,
        price=price,
        high=max(high, price) + CENT,
        low=max(CENT, min(low, price) - CENT),
        volume=(quote.volume or 0) + rng.randrange(100, 9000),
        market_cap=price * 1_000_000_000,
        quoted_at=datetime.now(UTC),
    )


def next_status() -> FeedStatus:
    at = datetime.now(UTC)
    return FeedStatus(batch_at=at, next_due_at=at + timedelta(seconds=10))


def redis_info() -> dict[str, int]:
    """Return the calls of each command, and the bytes that Redis has sent."""
    calls = {name[8:]: row["calls"] for name, row in redis_client().info("commandstats").items()}
    return calls | {"sent_bytes": redis_client().info("stats")["total_net_output_bytes"]}


def main() -> None:
    quotes: dict[str, Quote] = {}
    board, unwatched = Board(kind="simulated"), Board(kind="real")
    layer = get_channel_layer(LAYER)
    assert layer
    for line in sys.stdin:
        command = json.loads(line)
        answer: dict[str, Any] = {}
        if command["do"] == "start":
            board.restore([])
            unwatched.restore([])
            quotes = {symbol: first_quote(symbol) for symbol in command["symbols"]}
        elif command["do"] == "publish":
            quotes = {symbol: next_quote(quote) for symbol, quote in quotes.items()}
            status = next_status()
            started_at = time.monotonic_ns()
            placed = place_quotes(quotes.values(), status)
            answer = {
                "seq": placed.seq,
                "at": started_at,
                "took_ns": time.monotonic_ns() - started_at,
            }
        elif command["do"] == "put":  # the same work, on a board that no server reads
            unwatched.put(map(next_quote, quotes.values()), next_status())
        elif command["do"] == "record":
            record_quotes(quotes=quotes.values(), at=datetime.now(UTC))
        elif command["do"] == "notify":  # the usual design: every consumer then reads the rows
            answer = {"seq": command["seq"], "at": time.monotonic_ns()}
            message = {"type": "quotes.update", "seq": command["seq"]}
            async_to_sync(layer.group_send)(GROUP, message)
        elif command["do"] == "info":
            answer = redis_info()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
