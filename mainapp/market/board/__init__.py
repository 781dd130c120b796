"""The board: the newest quote of every symbol in Redis, with an epoch and a sequence number."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import redis
from redis import asyncio as aioredis

from mainapp.core.leases import LeaseLostError, Role
from mainapp.core.redis import client, key
from mainapp.market.board.entries import (
    FeedStatus,
    dump_quote,
    dump_status,
    milliseconds,
    newest_of,
    parse_entry,
    parse_status,
    quote_before,
)
from mainapp.market.board.pulse import (
    EPOCH,
    GIVEN_KEY,
    GIVEN_MS,
    SEQ,
    STATUS,
    STREAMER,
    WORKER_KEY,
    WORKER_LEASE_MS,
    WORKER_SEEN_KEY,
    LateSymbols,
    Pulse,
    parse_pulse,
    queue_pulse,
)
from mainapp.market.kinds import QuoteKind
from mainapp.market.quotes import NewestTimes, Quote, latest_quoted_at

__all__ = [
    "BATCH_KEY",
    "BEAT",
    "GIVEN_KEY",
    "GIVEN_MS",
    "SEQ",
    "STREAMER",
    "WORKER_KEY",
    "WORKER_LEASE_MS",
    "WORKER_SEEN_KEY",
    "Board",
    "BoardLostError",
    "BoardReader",
    "Contents",
    "FeedStatus",
    "LateSymbols",
    "Placed",
    "Pulse",
    "board_key",
]

BATCH_KEY = key("update_stock")
# When a beat is killed, another one takes over once this lease has expired.
BEAT = Role("beat", key("beat"), lease_ms=5_000)

# KEYS: board, the streamer's lease, the batch's lease. ARGV: status or '', the latest believed time
# in ms, the holders of both leases or '', then symbol, quoted_at in ms and value of each quote. A
# script is atomic: two workers never assign the same number, a streamer without the lease writes
# nothing, a batch without its lease writes no status, and an older quote never replaces a newer
# one, unless that one's time lies in the future.
_PUT = """
if ARGV[3] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
local names = {'@epoch', '@seq'}
for i = 5, #ARGV, 3 do names[#names + 1] = ARGV[i] end
local old = redis.call('HMGET', KEYS[1], unpack(names))
if not old[1] then return false end
local seq = tonumber(old[2] or '0') + 1
local changed, set = {}, {}
local isBatch = ARGV[4] == '' or redis.call('GET', KEYS[3]) == ARGV[4]
if ARGV[1] ~= '' and isBatch then set = {'@status', ARGV[1]} end
for i = 5, #ARGV, 3 do
  local before = old[(i - 5) / 3 + 3]
  local keep = false
  if before then
    local at, value = string.match(before, '^%d+|(%d+)|(.*)$')
    local isNewer = tonumber(at) > tonumber(ARGV[i + 1]) and tonumber(at) <= tonumber(ARGV[2])
    keep = value == ARGV[i + 2] or isNewer
  end
  if not keep then
    set[#set + 1] = ARGV[i]
    set[#set + 1] = string.format('%d|', seq) .. ARGV[i + 1] .. '|' .. ARGV[i + 2]
    changed[#changed + 1] = ARGV[i]
    changed[#changed + 1] = before or ''
  end
end
if #changed == 0 then seq = seq - 1 else
  set[#set + 1] = '@seq'
  set[#set + 1] = string.format('%d', seq)
end
if #set > 0 then redis.call('HSET', KEYS[1], unpack(set)) end
return {old[1], seq, changed}
"""


RUN_LENGTH = 16


class BoardLostError(Exception):
    """The board does not exist: Redis has lost its data."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The changes of a batch: each symbol's quote before (None for a new symbol) and after it."""

    epoch: str
    seq: int
    changed: Mapping[str, tuple[Quote | None, Quote]]


@dataclass(frozen=True, slots=True)
class Contents:
    """The whole board: each symbol's quote and the number of its last change."""

    epoch: str
    seq: int
    quotes: Mapping[str, tuple[int, Quote]]


def board_key(kind: QuoteKind) -> str:
    return key("board", kind)


class Board:
    """The worker's interface: writes quotes to the board of a kind of quotes.

    An epoch starts with the id of the Redis run that created it: after a restart, Redis may have
    lost the newest writes and would assign numbers a second time. All methods raise
    redis.RedisError if Redis is unavailable.
    """

    def __init__(self, *, kind: QuoteKind, redis_client: "redis.Redis | None" = None) -> None:
        self._client = redis_client or client()
        self._key = board_key(kind)
        self._put = self._client.register_script(_PUT)

    def exists(self) -> bool:
        """Return whether the board exists and belongs to the current run of Redis."""
        epoch: Any = self._client.hget(self._key, EPOCH)
        return bool(epoch) and epoch.decode()[:RUN_LENGTH] == self._run()

    def placed(self, symbols: Collection[str]) -> set[str]:
        """Return the symbols that have a quote. One round trip, none without symbols."""
        names = list(symbols)
        if not names:
            return set()
        quotes: Any = self._client.hmget(self._key, names)
        return {name for name, quote in zip(names, quotes, strict=True) if quote}

    def put(
        self,
        quotes: Iterable[Quote],
        status: FeedStatus | None,
        *,
        streamer: str = "",
        batch: str = "",
    ) -> Placed:
        """Write quotes, which must have a time, and the status if not None.

        `streamer` and `batch` are the holders of the streamer's and the batch's lease, if any. A
        streamer that lost its lease writes nothing. A batch whose worker was paused and lost its
        lease writes its quotes (only newer ones count) but not its status. Atomic and safe to
        repeat. Raises: BoardLostError, LeaseLostError.
        """
        by_symbol = {quote.symbol: quote for quote in quotes}
        believed = int(latest_quoted_at(datetime.now(UTC)).timestamp() * 1000)
        status_text = dump_status(status) if status else ""
        args: list[str | bytes | int] = [status_text, believed, streamer, batch]
        for symbol, quote in by_symbol.items():
            assert quote.quoted_at is not None
            args += [symbol, milliseconds(quote.quoted_at), dump_quote(quote)]
        reply: Any = self._put(keys=[self._key, STREAMER.key, BATCH_KEY], args=args)
        if reply == 0:
            raise LeaseLostError
        if not reply:
            raise BoardLostError
        epoch, seq, flat = reply
        newest = newest_of(epoch.decode())
        changed = {
            symbol.decode(): (
                quote_before(symbol, before, newest),
                by_symbol[symbol.decode()],
            )
            for symbol, before in zip(flat[::2], flat[1::2], strict=True)
        }
        for _before, quote in changed.values():
            newest.is_older(quote, at=datetime.now(UTC))
        return Placed(epoch.decode(), int(seq), changed)

    def restore(self, quotes: Iterable[Quote]) -> bool:
        """Create a lost board with a new epoch; return False if the board exists.

        Of several concurrent calls, one creates it.
        """
        values = {
            quote.symbol: f"0|{milliseconds(quote.quoted_at)}|".encode() + dump_quote(quote)
            for quote in quotes
            if quote.quoted_at
        }
        head: dict[Any, Any] = {EPOCH: (self._run() + uuid4().hex[:8]).encode(), SEQ: b"0"}
        with self._client.pipeline() as pipeline:
            pipeline.watch(self._key)  # type: ignore[no-untyped-call] # redis-py has no types here
            if self.exists():
                return False
            pipeline.multi()
            pipeline.delete(self._key)
            pipeline.hset(self._key, mapping=head | values)
            try:
                pipeline.execute()
            except redis.WatchError:
                return False
        return True

    def _run(self) -> str:
        info: Any = self._client.info("server")
        return str(info["run_id"])[:RUN_LENGTH]

    def status(self) -> FeedStatus | None:
        return parse_status(self._client.hget(self._key, STATUS))

    def pulse(self) -> Pulse:
        """Return the board's head. One round trip."""
        with self._client.pipeline(transaction=False) as pipeline:
            queue_pulse(pipeline, self._key)
            return parse_pulse(*pipeline.execute())

    def renew_worker_lease(self) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            pipeline.set(WORKER_KEY, 1, px=WORKER_LEASE_MS)
            pipeline.set(WORKER_SEEN_KEY, int(time.time()))
            pipeline.execute()


class BoardReader:
    """The web process's interface, on the running event loop."""

    def __init__(self, *, kind: QuoteKind, redis_client: "aioredis.Redis") -> None:
        self._client = redis_client
        self._key = board_key(kind)
        self._newest = NewestTimes()

    async def pulse(self) -> Pulse:
        """Return the board's head. One round trip. Raises: redis.RedisError."""
        async with self._client.pipeline(transaction=False) as pipeline:
            queue_pulse(pipeline, self._key)
            return parse_pulse(*await pipeline.execute())

    async def read(self) -> Contents | None:
        """Return the whole board, or None if it is lost. Raises: redis.RedisError.

        Without quotes older than those that this reader has returned before.
        """
        raw: dict[Any, Any] = await self._client.hgetall(self._key)
        head = {name: raw.pop(name.encode(), b"") for name in (EPOCH, SEQ, STATUS)}
        if not head[EPOCH]:
            return None
        quotes = {}
        for symbol, value in raw.items():
            if entry := parse_entry(symbol, value, self._newest):
                quotes[symbol.decode()] = entry
        return Contents(head[EPOCH].decode(), int(head[SEQ] or 0), quotes)
