"""Cost of 500 clients that stop reading: memory of each, and the delay of the other clients.

100 clients always read. Their p99 is measured alone, with 500 more that read, and with the same 500
after they stopped reading and every buffer on their way is full. Memory is the growth of the
server's resident memory; the kernel's own buffer of a socket (the server asks for 32 KiB, which the
kernel doubles) is not part of it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fanout import SYMBOLS, Bench, bench_state
from benchmarks.rig.processes import Rig, port_of
from benchmarks.rig.readings import Tally

HEALTHY, STALLED = 100, 500
BATCHES, EVERY_S, ROUNDS = 40, 0.08, 4
MEMORY_BUDGET_KB, DELAY_BUDGET_PCT = 64, 10
FILLING_BATCHES = 200  # of 1.9 KB: more than the buffers of both sides hold


def p99(bench: Bench) -> float:
    """Return the best p99 of several rounds, because the machine is shared with other work."""
    return min(
        bench.measure_delays("healthy", HEALTHY, BATCHES, EVERY_S)["p99"] for _ in range(ROUNDS)
    )


def main() -> None:
    tally = Tally(f"{STALLED} clients that stop reading, {HEALTHY} that read")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        load, other, publisher = (rig.worker(name) for name in ("loader", "loader", "publisher"))
        listener = rig.listen()
        web = rig.web(listener, application="project.asgi:application")
        port = port_of(listener)
        publisher.call("start", symbols=SYMBOLS)
        bench = Bench(load, web.pid, lambda: dict(publisher.call("publish")))
        bench.warm_up()
        load.call("open", name="healthy", port=port, count=HEALTHY, symbols=SYMBOLS)
        alone = p99(bench)
        other.call("open", name="slow", port=port, count=STALLED, symbols=SYMBOLS)
        together = p99(bench)
        before = bench_state(port)["rss"]
        other.call("stop_reading", name="slow")
        bench.warm_up(FILLING_BATCHES)
        stalled = p99(bench)
        memory_kb = (bench_state(port)["rss"] - before) / STALLED / 1024
        tally.line("memory of a client that stopped reading, above idle", memory_kb, "KB", 64)
        tally.line("p99 of the others, alone", alone, "ms")
        tally.line("p99 of the others, with 500 that read", together, "ms")
        tally.line("p99 of the others, with 500 that stopped", stalled, "ms")
        over_pct = (stalled / together - 1) * 100
        tally.line("change when 500 stop reading", over_pct, "%", DELAY_BUDGET_PCT)
        tally.line("over being alone", (stalled / alone - 1) * 100, "%")
        tally.ratio("500 that read over 500 that stopped", together, stalled)
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
