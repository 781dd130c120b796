"""The board's head, and which prices are old by it: read together, in one round trip."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from mainapp.core.clocks import is_lease_held
from mainapp.core.leases import Role
from mainapp.core.redis import key
from mainapp.market.board.entries import FeedStatus, parse_status

EPOCH, SEQ, STATUS = "@epoch", "@seq", "@status"
WORKER_KEY, WORKER_LEASE_MS = key("worker"), 2_000
STREAMER = Role("stream", key("stream"), lease_ms=2_000)
GIVEN_KEY = key("stream", "given")
GIVEN_MS = 60_000  # the longest time until a given symbol counts as silent

# KEYS: lease, given symbols. ARGV: GIVEN_MS. By Redis's clock, as they are written.
_READ_GIVEN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {redis.call('PTTL', KEYS[1]), redis.call('ZRANGEBYSCORE', KEYS[2], now, now + ARGV[1])}
"""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The board's head, read in one step. `status` is None before the first batch.

    `given` are the symbols that live streams give, whether or not a worker polls the others.
    """

    epoch: str | None
    seq: int
    status: FeedStatus | None
    worker_alive: bool
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LateSymbols:
    """The symbols with old prices: those of the last batch, or all but the given ones."""

    named: frozenset[str] = frozenset()
    given: frozenset[str] | None = None

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.named if self.given is None else symbol not in self.given

    def among(self, symbols: Collection[str]) -> frozenset[str]:
        return frozenset(symbol for symbol in symbols if symbol in self)


def queue_pulse(pipeline: Any, board: str) -> None:
    pipeline.hmget(board, [EPOCH, SEQ, STATUS])
    pipeline.pttl(WORKER_KEY)
    if settings.QUOTE_STREAM:
        pipeline.eval(_READ_GIVEN, 2, STREAMER.key, GIVEN_KEY, GIVEN_MS)


def parse_pulse(
    head: list[bytes | None], worker_ms: int, streaming: tuple[int, list[bytes]] | None = None
) -> Pulse:
    epoch, seq, status = head
    stream_ms, given = streaming or (0, [])
    is_streaming = is_lease_held(stream_ms, lease_ms=STREAMER.lease_ms)
    return Pulse(
        epoch.decode() if epoch else None,
        int(seq or 0),
        parse_status(status),
        is_lease_held(worker_ms, lease_ms=WORKER_LEASE_MS),
        frozenset(symbol.decode() for symbol in given) if is_streaming else frozenset(),
    )
