"""Faults of the sources that push prices: honest prices throughout, and polling in between.

Runs Redis, a worker that polls a stub of brapi every second, and `manage.py stream_quotes`, which
is connected to stubs of Yahoo's streamer and of Binance. Each fault is injected for some seconds.
The recorded prices are read every 50 ms: each has to be one that a stub sent as a good one, with a
time that never goes back. Prints for each fault the age of the shown price, the batches a second,
the connections that were attempted, the growth of memory, and the time until prices are pushed
again. The first two lines compare polled and pushed prices. Without arguments all faults are
injected, otherwise only those named. `--hour` injects one a minute instead and prints every ten
minutes what must not grow: memory, open files, keys in Redis, and attempts to connect.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benchmarks.faults.stream_hour import HOUR_MINUTES, run_minutes
from benchmarks.faults.stream_market import (
    BINANCE,
    FAULT_S,
    FAULTS,
    INTERVAL_S,
    LONG,
    LONG_S,
    OLDEST_S,
    Market,
    Observed,
    is_given,
    market,
)
from benchmarks.rig.processes import wait_until
from benchmarks.rig.readings import Tally, cpu_s, percentile, rss_bytes

BATCHES_A_SECOND = 4 + 1 / INTERVAL_S
BACK_S = 62.0  # the longest pause between connections, and a moment
GROWTH_MIB = 16.0


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
    wait_until(lambda: is_given(running), BACK_S)


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
    wait_until(lambda: is_given(running), BACK_S + 30)
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


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--hour", action="store_true", help="a fault a minute, for an hour")
    parser.add_argument("--minutes", type=int, default=0, help="the same, for so many minutes")
    options = parser.parse_args(arguments)
    if minutes := options.minutes or options.hour * HOUR_MINUTES:
        return run_minutes(minutes).exit_code
    return run(options.faults or FAULTS, compares=True).exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
