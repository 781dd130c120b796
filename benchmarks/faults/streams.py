"""Faults of the sources that push prices: honest prices throughout, and polling in between.

Runs Redis, a worker that polls a stub of brapi every second, and `manage.py stream_quotes`, which
is connected to stubs of Yahoo's streamer and of Binance. Each fault is injected for some seconds.
The recorded prices are read every 50 ms: each has to be one that a stub sent as a good one, with a
time that never goes back. Prints for each fault the age of the shown price, the batches a second,
the connections that were attempted, the growth of memory, and the time until prices are pushed
again. The first two lines compare polled and pushed prices. Without arguments all faults are
injected, otherwise only those named.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.rig.processes import Rig, wait_until
from benchmarks.rig.readings import Tally, cpu_s, percentile, rss_bytes
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
BATCHES_A_SECOND = 4 + 1 / INTERVAL_S
BACK_S = 62.0  # the longest pause between connections, and a moment
GROWTH_MIB = 16.0
READ_S = 0.05
ADD_PAIR = """
import django; django.setup()
from mainapp.market.models import Stock
Stock.objects.get_or_create(symbol="BTCBRL", defaults={"name": "Bitcoin", "kind": "ETF"})
"""
QUERY = """
SELECT symbol, price, quoted_at, source FROM market_lastquote
JOIN market_stock ON market_stock.id = stock_id WHERE NOT simulated
"""


@dataclass
class Observed:
    """What was recorded while a fault lasted."""

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

    def observe(self, seconds: float) -> Observed:
        observed, until = Observed(), time.monotonic() + seconds
        while time.monotonic() < until:
            self.watch()
            for symbol, price, quoted_at, source in self.rows():
                self._check(observed, symbol, float(price), quoted_at, source)
            time.sleep(READ_S)
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
            wait_until(lambda: _is_given(started), 60, started.streamer)
            yield started
        finally:
            started.redis.close()
            stub.close()


def _now(reply: Any) -> Any:
    """Set the times of brapi's quotes to now."""
    for row in reply.get("results", ()) if isinstance(reply, dict) else ():
        row["regularMarketTime"] = datetime.now(UTC).isoformat()
    return reply


def _is_given(running: Market) -> bool:
    running.watch()
    return running.given() >= len(SYMBOLS)


def compare(tally: Tally, running: Market, seconds: float) -> None:
    """Print the age of polled and of pushed prices, and the CPU of each recorded quote."""
    pushed = _measure(running, seconds, running.streamer.pid)
    running.yahoo.fault = running.binance.fault = "refused"
    wait_until(lambda: not running.given(), 30)
    polled = _measure(running, seconds, running.worker.pid)
    running.yahoo.fault = running.binance.fault = ""
    for name, (observed, cpu_ms) in {"pushed": pushed, "polled every second": polled}.items():
        p50, p99 = (percentile(observed.ages_s, rank) for rank in (50, 99))
        tally.note(f"{name}: age p50 {p50:.2f} s, p99 {p99:.2f} s; {cpu_ms:.1f} ms of CPU a batch")
    wait_until(lambda: _is_given(running), BACK_S)


def _measure(running: Market, seconds: float, pid: int) -> tuple[Observed, float]:
    cpu, seq = cpu_s(pid), running.seq()
    observed = running.observe(seconds)
    return observed, 1000 * (cpu_s(pid) - cpu) / max(1, running.seq() - seq)


def inject(tally: Tally, running: Market, name: str, seconds: float) -> None:
    stub = running.binance if name in BINANCE else running.yahoo
    pid, tried = running.streamer.pid, len(stub.attempts)
    rss, cpu, seq, since = rss_bytes(pid), cpu_s(pid), running.seq(), time.monotonic()
    ticks = running.ticks()
    stub.fault = name
    observed = running.observe(seconds)
    took_s = time.monotonic() - since
    batches, used = (running.seq() - seq) / took_s, (cpu_s(pid) - cpu) / took_s
    received = (running.ticks() - ticks) / took_s
    growth = (rss_bytes(pid) - rss) / 2**20
    attempts = len(stub.attempts) - tried
    stub.fault = ""
    repaired = time.monotonic()
    wait_until(lambda: _is_given(running), BACK_S + 30)
    back_s = time.monotonic() - repaired
    tally.note(f"{name}, for {took_s:.0f} s ({', '.join(sorted(observed.sources))})")
    tally.line("prices that no source sent", len(observed.dishonest), "", 0)
    tally.line("times that went back", observed.steps_back, "", 0)
    tally.line("age of the shown prices, p99", percentile(observed.ages_s, 99), "s", OLDEST_S)
    tally.line("received prices a second", received, "")
    tally.line("published batches a second", batches, "", BATCHES_A_SECOND)
    tally.line("attempted connections", attempts, "", 3 + took_s / 2)
    tally.line("growth of the streamer's memory", growth, "MiB", GROWTH_MIB)
    tally.line("CPU of the streamer", 100 * used, "% of a core")
    tally.line("pushed again, and no longer polled, after", back_s, "s", BACK_S)


def run(
    names: Sequence[str] = FAULTS, fault_s: float = FAULT_S, *, compares: bool = False
) -> Tally:
    tally = Tally("faults of streams")
    with market() as running:
        if compares:
            compare(tally, running, 2 * fault_s)
        for name in names:
            inject(tally, running, name, LONG_S if name in LONG else fault_s)
        tally.line("candles with prices that no source sent", running.wild_candles(), "", 0)
        tally.check("the streamer still runs", running.streamer.poll() is None)
    return tally


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:] or FAULTS, compares=True).exit_code)
