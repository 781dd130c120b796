"""Delay that a database call of two seconds in one socket's handler adds to other sockets' updates.

100 clients get a batch every 50 ms: first alone, then while one handler waits for the database,
then while eight do (all threads for queries). Compared with a stock Channels consumer that calls
the stock `database_sync_to_async`.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fanout import SYMBOLS, Bench
from benchmarks.rig.processes import Rig, Worker, port_of
from benchmarks.rig.readings import Tally

READERS, BATCHES, EVERY_S, ROUNDS = 100, 38, 0.05, 3
BUDGET_MS = 20


def measure_delays(
    rig: Rig, load: Worker, application: str, path: str, publish: Callable[[], Any], blockers: int
) -> tuple[float, float]:
    """Return the p99 in ms of the readers' updates before and while `blockers` handlers wait."""
    listener = rig.listen()
    web = rig.web(listener, application=application)
    port = port_of(listener)
    load.call("open", name="read", port=port, count=READERS, symbols=SYMBOLS)
    load.call("open", name="block", port=port, count=blockers, symbols=SYMBOLS, path=path)
    bench = Bench(load, web.pid, publish)
    bench.warm_up()
    before, after = [], []
    for _ in range(ROUNDS):
        before.append(bench.measure_delays("read", READERS, BATCHES, EVERY_S)["p99"])
        load.call("write", name="block", frame={"type": "block"}, count=blockers)
        after.append(bench.measure_delays("read", READERS, BATCHES, EVERY_S)["p99"])
    load.call("close", name="read")
    load.call("close", name="block")
    web.terminate()
    return min(before), min(after)


def main() -> None:
    tally = Tally("a handler that waits two seconds for the database")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        load, publisher = rig.worker("loader"), rig.worker("publisher")
        publisher.call("start", symbols=SYMBOLS)
        numbers = iter(range(1, 10_000))

        def batch() -> Any:
            return publisher.call("publish")

        def notify() -> Any:
            return publisher.call("notify", seq=next(numbers))

        app = "benchmarks.rig.blocking:project"
        added_ms = {}
        for blockers in (1, 8):
            before, after = measure_delays(rig, load, app, "/ws/block/", batch, blockers)
            added_ms[blockers] = after - before
            tally.line(f"p99 of the others, no handler waits ({blockers})", before, "ms")
            tally.line(f"p99 of the others, {blockers} wait(s)", after, "ms")
            tally.line("  added", after - before, "ms", BUDGET_MS)
        app = "benchmarks.rig.blocking:stock"
        before, after = measure_delays(rig, load, app, "/ws/stock/track/", notify, 1)
        tally.line("a stock consumer: p99 of the others, no handler waits", before, "ms")
        tally.line("a stock consumer: p99 of the others, one handler waits", after, "ms")
        tally.ratio("its delay over ours", after - before, max(added_ms[1], 1.0))
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
