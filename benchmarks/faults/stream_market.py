"""The processes, stubs and recorded prices of the faults of streams."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import redis

from benchmarks.rig.processes import Rig, wait_until
from mainapp.market.tests.providers.stub import Stub
from tests.instances import redis_key
from tests.stub_streamer import StubStreamer, streamer_in_thread

SYMBOLS = {"PETR4": "PETR4.SA", "VALE3": "VALE3.SA", "ITUB4": "ITUB4.SA"}
PRICES = {"PETR4.SA": 38.42, "VALE3.SA": 61.07, "ITUB4.SA": 35.5, "BTCBRL": 540_000.0}
INTERVAL_S = 1
FAULT_S, LONG_S = 8.0, 20.0
LONG = ("silence", "half_open")  # a silent connection is replaced after 15 s
BINANCE = ("shutdown",)
FAULTS = (
    *("silence", "half_open", "garbage", "duplicates", "out_of_order", "wrong_symbol", "day_end"),
    *("ended", "shutdown", "refused", "flood"),
)
# A symbol is silent after 3 s; then a batch comes within an interval, and takes a moment.
OLDEST_S = 3.0 + INTERVAL_S + 2.0
READ_S = 0.05
ADD_PAIR = """
import django; django.setup()
from mainapp.market.models import Stock
Stock.objects.get_or_create(symbol="BTCBRL", defaults={"name": "Bitcoin", "kind": "ETF"})
"""
QUERY = """
SELECT symbol, price, quoted_at, source FROM market_lastquote
JOIN market_stock ON market_stock.id = stock_id WHERE market_lastquote.kind = 'real'
"""


@dataclass
class Observed:
    """What was recorded meanwhile."""

    ages_s: list[float] = field(default_factory=list)
    dishonest: set[tuple[str, float]] = field(default_factory=set)
    steps_back: int = 0
    sources: set[str] = field(default_factory=set)


class Market:
    """The processes and stubs, and the recorded prices."""

    def __init__(self, rig: Rig, yahoo: StubStreamer, binance: StubStreamer) -> None:
        self.rig, self.yahoo, self.binance = rig, yahoo, binance
        self.redis = redis.Redis(unix_socket_path=str(rig.redis_path))
        self.database = f"file:{rig.folder / 'pregao.sqlite3'}?mode=ro"
        self.worker = rig.python("-m", "benchmarks.rig.trading")
        rig.python("-m", "celery", "-A", "project", "beat", "--pidfile=")
        self.streamer = rig.python("manage.py", "stream_quotes")
        self._newest: dict[str, str] = {}

    def watch(self) -> None:
        """Lease the symbols, as a web process does for its sockets."""
        self.redis.zadd(redis_key("watchers"), {"bench": self.redis.time()[0]})
        self.redis.sadd(redis_key("watch", "bench"), *SYMBOLS, "BTCBRL")

    def rows(self) -> list[tuple[str, float, str, str]]:
        with closing(sqlite3.connect(self.database, uri=True, timeout=5)) as connection:
            return connection.execute(QUERY).fetchall()

    def seq(self) -> int:
        return int(self.redis.hget(redis_key("board", "real"), "@seq") or 0)

    def given(self) -> int:
        return int(self.redis.zcard(redis_key("stream", "given")))

    def ticks(self) -> int:
        """Return how many prices the streams have received."""
        states = json.loads(self.redis.get(redis_key("stream", "states")) or b"[]")
        return sum(state["ticks"] for state in states)

    def observe(
        self, seconds: float, observed: Observed | None = None, *, read_s: float = READ_S
    ) -> Observed:
        observed, until = observed or Observed(), time.monotonic() + seconds
        while time.monotonic() < until:
            self.watch()
            for symbol, price, quoted_at, source in self.rows():
                self._check(observed, symbol, float(price), quoted_at, source)
            time.sleep(read_s)
        return observed

    def _check(
        self, observed: Observed, symbol: str, price: float, quoted_at: str, source: str
    ) -> None:
        at = datetime.fromisoformat(quoted_at).replace(tzinfo=UTC)
        if symbol in SYMBOLS:
            observed.ages_s.append((datetime.now(UTC) - at).total_seconds())
        observed.steps_back += quoted_at < self._newest.get(symbol, "")
        self._newest[symbol] = max(quoted_at, self._newest.get(symbol, ""))
        observed.sources.add(source)
        sent = {"yahoo": self.yahoo.sent, "binance": self.binance.sent}.get(source)
        name = SYMBOLS.get(symbol, symbol)
        good = price == PRICES[name] if sent is None else (name, price) in sent
        if not good:
            observed.dishonest.add((symbol, price))

    def wild_candles(self) -> int:
        """Return the number of candles with a price more than 2 % from the stubs' prices."""
        query = (
            "SELECT symbol, low, high FROM market_candle"
            " JOIN market_stock ON market_stock.id = stock_id"
        )
        with closing(sqlite3.connect(self.database, uri=True, timeout=5)) as connection:
            rows = connection.execute(query).fetchall()
        return sum(
            not 0.98 <= float(price) / PRICES[SYMBOLS.get(symbol, symbol)] <= 1.02
            for symbol, *prices in rows
            for price in prices
            if SYMBOLS.get(symbol, symbol) in PRICES
        )


@contextmanager
def market() -> Iterator[Market]:
    """Start everything, and wait until all symbols are pushed and no longer polled."""
    stub = Stub()
    stub.prices |= {symbol: PRICES[name] for symbol, name in SYMBOLS.items()}
    stub.shape = _now
    with (
        streamer_in_thread("yahoo") as yahoo,
        streamer_in_thread("binance") as binance,
        Rig(
            QUOTE_SOURCE="brapi",
            QUOTE_STREAM="yahoo,binance",
            YAHOO_STREAM_URL=yahoo.url,
            BINANCE_STREAM_URL=binance.url,
            BRAPI_URL=stub.url,
            BRAPI_BUDGET_PER_MONTH="100000000",
            UPDATE_INTERVAL_S=str(INTERVAL_S),
        ) as rig,
        rig.on_failure_show_log(),
    ):
        yahoo.prices = binance.prices = PRICES
        rig.start_redis()
        rig.prepare()
        rig.run_python("-c", ADD_PAIR)
        started = Market(rig, yahoo, binance)
        try:
            wait_until(lambda: is_given(started), 60, started.streamer)
            yield started
        finally:
            started.redis.close()
            stub.close()


def _now(reply: Any) -> Any:
    """Set the times of brapi's quotes to now."""
    for row in reply.get("results", ()) if isinstance(reply, dict) else ():
        row["regularMarketTime"] = datetime.now(UTC).isoformat()
    return reply


def is_given(running: Market) -> bool:
    """Return whether all stocks are pushed and no longer polled."""
    running.watch()
    return running.given() >= len(SYMBOLS)
