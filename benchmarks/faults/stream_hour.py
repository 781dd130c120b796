"""One fault a minute, in rotation, for an hour: nothing grows, and the prices stay honest."""

import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from benchmarks.faults.stream_market import (
    BINANCE,
    FAULT_S,
    FAULTS,
    LONG,
    LONG_S,
    OLDEST_S,
    Market,
    Observed,
    is_given,
    market,
)
from benchmarks.rig.readings import Tally, children, percentile, rss_bytes

HOUR_MINUTES, MINUTE_S = 60, 60.0
READING_EVERY = 10  # minutes; the first reading is what the later ones are compared with
READ_S = 0.2
GROWTH_MIB, MORE_FILES, MORE_KEYS = 16.0, 4, 16
# Within ten minutes `ended` and `refused` come once each; a silent connection is replaced once.
ATTEMPTS_A_READING = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """What must not grow."""

    streamer_mib: float
    worker_mib: float
    streamer_files: int
    worker_files: int
    keys: int


def read(running: Market) -> Reading:
    streamer, worker = [running.streamer.pid], _family(running.worker.pid)
    return Reading(
        streamer_mib=_rss_mib(streamer),
        worker_mib=_rss_mib(worker),
        streamer_files=_files(streamer),
        worker_files=_files(worker),
        keys=int(running.redis.dbsize()),
    )


def _family(pid: int) -> list[int]:
    return [pid, *children(pid)]


def _rss_mib(pids: list[int]) -> float:
    return sum(rss_bytes(pid) for pid in pids) / 2**20


def _files(pids: list[int]) -> int:
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


class Hour:
    """The faults and readings of a run, and what was observed since the last reading."""

    def __init__(self, tally: Tally, running: Market, minute_s: float = MINUTE_S) -> None:
        self._tally, self._running, self._minute_s = tally, running, minute_s
        self._observed, self._slowest_s, self._never_back = Observed(), 0.0, 0
        self._tried = self._attempts()
        self._first: Reading | None = None

    def _attempts(self) -> int:
        return len(self._running.yahoo.attempts) + len(self._running.binance.attempts)

    def inject(self, name: str) -> None:
        """Inject a fault, and observe the prices to the end of the minute."""
        running, ends_at = self._running, time.monotonic() + self._minute_s
        stub = running.binance if name in BINANCE else running.yahoo
        fault_s = LONG_S if name in LONG else FAULT_S
        stub.fault = name
        running.observe(min(fault_s, self._minute_s / 2), self._observed, read_s=READ_S)
        stub.fault = ""
        repaired_at, back_s = time.monotonic(), None
        while (left_s := ends_at - time.monotonic()) > 0:
            running.observe(min(1.0, left_s), self._observed, read_s=READ_S)
            if back_s is None and is_given(running):
                back_s = time.monotonic() - repaired_at
        self._never_back += back_s is None
        self._slowest_s = max(self._slowest_s, back_s or 0.0)

    def note(self, minute: int) -> None:
        """Print a reading and what was observed since the last one, and compare both."""
        observed, tried = self._observed, self._attempts()
        reading = read(self._running)
        first = self._first = self._first or reading
        line = self._tally.line
        self._tally.note(f"minute {minute} ({', '.join(sorted(observed.sources))})")
        line("prices that no source sent", len(observed.dishonest), "", 0)
        line("times that went back", observed.steps_back, "", 0)
        line("age of the shown prices, p99", percentile(observed.ages_s, 99), "s", OLDEST_S)
        line("attempted connections", tried - self._tried, "", ATTEMPTS_A_READING)
        line("faults after which no price was pushed again", self._never_back, "", 0)
        line("pushed again, and no longer polled, after at most", self._slowest_s, "s")
        most = first.streamer_mib + GROWTH_MIB
        line("memory of the streamer", reading.streamer_mib, "MiB", most)
        line("memory of the worker", reading.worker_mib, "MiB", first.worker_mib + GROWTH_MIB)
        most = first.streamer_files + MORE_FILES
        line("open files of the streamer", reading.streamer_files, "", most)
        line("open files of the worker", reading.worker_files, "", first.worker_files + MORE_FILES)
        line("keys in Redis", reading.keys, "", first.keys + MORE_KEYS)
        self._observed, self._slowest_s, self._never_back = Observed(), 0.0, 0
        self._tried = tried


def run_minutes(
    minutes: int = HOUR_MINUTES, *, minute_s: float = MINUTE_S, every: int = READING_EVERY
) -> Tally:
    """Inject a fault a minute; return the tally of the readings."""
    tally = Tally(f"{minutes} minutes of streams with a fault in each")
    with market() as running:
        hour = Hour(tally, running, minute_s)
        for minute, name in enumerate(islice(cycle(FAULTS), minutes), start=1):
            hour.inject(name)
            if minute % every == 0 or minute == minutes:
                hour.note(minute)
        tally.line("candles with prices that no source sent", running.wild_candles(), "", 0)
        tally.check("the streamer still runs", running.streamer.poll() is None)
        tally.check("the worker still runs", running.worker.poll() is None)
    return tally
