"""Cost of a price on its way to a socket: CPU, delay, memory, Redis commands and queries.

Runs a real server (that of `project.serve`), Redis and SQLite, with batches of 85 symbols; each
socket subscribes to 10 of them and gets one frame of about 1.9 KB per batch. Compared with the
usual design, and with a bare picows server and nchan where they are installed. CPU is that of the
serving process only, kernel time included, and the best of the same number of runs for each. Each
batch follows as soon as all sockets have the previous one: after a pause of 50 ms, the same work
costs up to six times as much on a virtual machine. The pause of 5-15 ms that remains, in which the
worker's part of a batch is computed, is the same for ours, picows and nchan; without it picows
needs two thirds. Rounds of ours and of picows alternate. An idle server's work is included.

An update has the same content in all designs: a socket's ten quotes, about 1.9 KB. picows also
sends it as one frame. nchan cannot combine channels in a frame, so it sends ten of about 200 bytes;
its figure includes all ten, and the reading of the 85 publications.
"""

import http.client
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rig import nchan
from benchmarks.rig.processes import IBOV, Rig, Worker, port_of
from benchmarks.rig.readings import Tally, cpu_s

FUNDS = ["BOVA11", "HGLG11", "IVVB11", "KNRI11", "SMAL11", "KNCR11", "XPML11", "MXRF11", "HGRU11"]
SYMBOLS = [*IBOV, *FUNDS][:85]
USUAL_SOCKETS = 200
CPU_BUDGET_US, MEMORY_BUDGET_KB, COMMANDS_BUDGET = 20, 32, 4
CONNECT_BUDGET_MS, FLAT = 1.5, 1.25
ROUNDS = 6
BARE_SOCKETS = 500
DELAYED_BATCHES = 6
OVER_PICOWS = 1.5  # at most, ours over a bare picows server
OVER_OURS = 7  # at least, nchan with a channel per symbol over ours

Publish = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Throughput:
    """The result of batches without pauses: CPU of a client update in us, deliveries a second."""

    cpu_us: float
    frame_bytes: float
    per_second: float


class Bench:
    """A server under test, its load client and its publisher."""

    def __init__(self, load: Worker, pid: int, publish: Publish) -> None:
        self.load, self.pid, self.publish = load, pid, publish

    def warm_up(self, batches: int = 10) -> None:
        """Publish until the hub has read the board, and wait until the frames have arrived."""
        for _ in range(batches):
            self.publish()
        time.sleep(0.5)

    def measure_delays(
        self, name: str, sockets: int, batches: int, every_s: float
    ) -> dict[str, float]:
        """Publish batches at a constant rate; return p50 and p99 of the delay in ms."""
        self.load.call("reset", name=name)
        published, started_at = {}, time.monotonic()
        for number in range(1, batches + 1):
            answer = self.publish()
            published[answer["seq"]] = answer["at"]
            self.load.call("wait", name=name, updates=number * sockets)
            time.sleep(max(0.0, started_at + number * every_s - time.monotonic()))
        return dict(self.load.call("delays", name=name, published=published))

    def measure_throughput(
        self, name: str, sockets: int, batches: int, frames: int = 1
    ) -> Throughput:
        """Publish each batch as soon as all sockets have the previous one."""
        self.load.call("reset", name=name)
        cpu_before_s, started_at = cpu_s(self.pid), time.monotonic()
        for number in range(1, batches + 1):
            self.publish()
            self.load.call("wait", name=name, updates=number * sockets * frames)
        spent_s, lasted_s = cpu_s(self.pid) - cpu_before_s, time.monotonic() - started_at
        state = self.load.call("state", name=name)
        if state["updates"] != batches * sockets * frames:
            print(f"  ! {state['updates']} frames of {batches * sockets * frames}")
        return Throughput(
            cpu_us=spent_s / (state["updates"] / frames) * 1e6,
            frame_bytes=state["update_bytes"] / max(1, state["updates"]),
            per_second=batches * sockets / lasted_s,
        )


def bench_state(port: int) -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/_bench")
    state: dict[str, int] = json.loads(connection.getresponse().read())
    return state


def measure_project(
    rig: Rig, tally: Tally, load: Worker, publisher: Worker, bare: Bench | None
) -> tuple[float, float]:
    """Return the CPU of an update at 500 sockets, in us, of the project and of `bare`."""
    listener = rig.listen()
    web = rig.web(listener, application="project.asgi:application")
    port = port_of(listener)
    bench = Bench(load, web.pid, lambda: dict(publisher.call("publish")))
    load.call("open", name="first", port=port, count=1, symbols=SYMBOLS)
    bench.warm_up()
    cpu_before_s = cpu_s(web.pid)
    time.sleep(3)
    spent_ms = (cpu_s(web.pid) - cpu_before_s) * 1000
    tally.line("server CPU with one idle socket", spent_ms / 3, "ms/s")
    results, open_ = {}, 0
    for sockets, batches, every_s in ((500, 40, 0.1), (4000, 6, 0.5)):
        tally.note(f"{sockets} sockets")
        open_more(tally, bench, port, sockets - open_)
        open_ = sockets
        compared = bare if sockets == BARE_SOCKETS else None
        results[sockets] = measure_updates(tally, bench, sockets, batches, every_s, compared)
    growth = results[4000][0] / results[500][0]
    tally.line("CPU of an update, 4,000 sockets over 500", growth, "times", FLAT)
    count_commands(tally, bench, publisher, port)
    load.call("close", name="all")
    load.call("close", name="first")
    web.terminate()
    return results[500]


def open_more(tally: Tally, bench: Bench, port: int, count: int) -> None:
    """Open sockets and print the cost of each."""
    memory_before, cpu_before_s = bench_state(port)["rss"], cpu_s(bench.pid)
    opened = bench.load.call("open", name="all", port=port, count=count, symbols=SYMBOLS)
    spent_ms = (cpu_s(bench.pid) - cpu_before_s) * 1000 / count
    memory_kb = (bench_state(port)["rss"] - memory_before) / count / 1024
    tally.check("  every socket opened, none refused", opened["refused"] == 0)
    tally.line("  CPU of a connect", spent_ms, "ms", CONNECT_BUDGET_MS)
    tally.line("  memory of an idle socket", memory_kb, "KB", MEMORY_BUDGET_KB)


def measure_updates(
    tally: Tally, bench: Bench, sockets: int, batches: int, every_s: float, bare: Bench | None
) -> tuple[float, float]:
    """Print the cost and the delay of an update; return its CPU, and that of `bare`, in us."""
    rounds, bare_us = [], math.inf
    for _ in range(ROUNDS):
        rounds.append(bench.measure_throughput("all", sockets, batches))
        if bare:
            bare_us = min(bare_us, bare.measure_throughput("bare", sockets, batches).cpu_us)
    delays = [bench.measure_delays("all", sockets, DELAYED_BATCHES, every_s) for _ in range(2)]
    best = min(result.cpu_us for result in rounds)
    tally.line("  frame", rounds[0].frame_bytes, "bytes")
    tally.line(f"  CPU of a client update, best of {ROUNDS}", best, "us", CPU_BUDGET_US)
    tally.line("  CPU of a client update, worst", max(result.cpu_us for result in rounds), "us")
    for rank in ("p50", "p99"):
        delay_ms = min(delay[rank] for delay in delays)
        tally.line(f"  from publication to receipt, {rank}", delay_ms, "ms")
    tally.line("  deliveries a second", max(result.per_second for result in rounds), "/s")
    return best, bare_us


def count_commands(tally: Tally, bench: Bench, publisher: Worker, port: int) -> None:
    """Count the Redis commands and queries of 10 broadcasts, minus those of an idle server."""
    window_s, batches = 3.0, 10

    def window(work: Callable[[], object]) -> dict[str, int]:
        before, started_at = publisher.call("info"), time.monotonic()
        work()
        time.sleep(max(0.0, started_at + window_s - time.monotonic()))
        after = publisher.call("info")
        return {name: count - before.get(name, 0) for name, count in after.items()}

    queries = bench_state(port)["queries"]
    idle = window(lambda: None)
    busy = window(lambda: [bench.publish() for _ in range(batches)])
    added = {name: (count - idle.get(name, 0)) / batches for name, count in busy.items()}
    added = {name: count for name, count in added.items() if count >= 0.5}
    added = {name: count for name, count in added.items() if name not in ("info", "sent_bytes")}
    tally.line("Redis commands of a broadcast", sum(added.values()), "", COMMANDS_BUDGET)
    tally.note("  " + ", ".join(f"{name} {count:.1f}" for name, count in sorted(added.items())))
    tally.line("queries of a broadcast", (bench_state(port)["queries"] - queries) / batches, "", 0)


def measure_usual_design(rig: Rig, load: Worker, publisher: Worker) -> tuple[float, float]:
    """Measure the usual design at a size that it can handle: CPU in us, p99 in ms."""
    publisher.call("record")
    listener = rig.listen()
    web = rig.web(listener, application="benchmarks.rig.usual:usual_design")
    numbers = iter(range(1, 1000))
    bench = Bench(load, web.pid, lambda: dict(publisher.call("notify", seq=next(numbers))))
    load.call("open", name="usual", port=port_of(listener), count=USUAL_SOCKETS, symbols=SYMBOLS)
    cpu_us = min(bench.measure_throughput("usual", USUAL_SOCKETS, 4).cpu_us for _ in range(2))
    delay_ms = bench.measure_delays("usual", USUAL_SOCKETS, 4, 0.5)["p99"]
    load.call("close", name="usual")
    web.terminate()
    return cpu_us, delay_ms


def start_picows(rig: Rig, load: Worker, publisher: Worker) -> Bench:
    server = rig.worker("bare")
    port = server.call("port")["port"]
    numbers = iter(range(1, 1000))
    fragments = {symbol: f'"{symbol}":{"x" * 180}' for symbol in SYMBOLS}

    def publish() -> dict[str, Any]:
        publisher.call("put")
        return dict(server.call("publish", seq=next(numbers), fragments=fragments))

    load.call("open", name="bare", port=port, count=BARE_SOCKETS, symbols=SYMBOLS)
    return Bench(load, server.pid, publish)


def measure_nchan(rig: Rig, load: Worker, publisher: Worker) -> tuple[float, float]:
    """Return the CPU of an update with a channel per symbol, and with one frame for all."""
    server = nchan.Nchan(rig)
    results = []
    numbers = iter(range(1, 1000))

    def by_symbol() -> dict[str, Any]:
        publisher.call("put")
        seq = next(numbers)
        bodies = {s: f'{{"type":"update","seq":{seq},"{s}":{"x" * 160}}}' for s in SYMBOLS}
        return {"seq": seq, "at": server.publish_all(bodies)}

    def at_once() -> dict[str, Any]:
        publisher.call("put")
        seq = next(numbers)
        body = f'{{"type":"update","seq":{seq},{"x" * 1870}}}'
        return {"seq": seq, "at": server.publish_all({"all": body})}

    for name, publish, frames, path, each in (
        ("symbols", by_symbol, nchan.EACH, "/sub/", nchan.EACH),
        ("one", at_once, 1, "/sub/all", 0),
    ):
        bench = Bench(load, server.pid, publish)
        load.call(
            "open",
            name=name,
            port=server.port,
            count=500,
            symbols=SYMBOLS,
            symbols_each=each,
            path=path,
            in_path=True,
            snapshots=False,
        )
        rounds = [bench.measure_throughput(name, 500, 8, frames) for _ in range(ROUNDS)]
        results.append(min(result.cpu_us for result in rounds))
        load.call("close", name=name)
    return results[0], results[1]


def main() -> None:
    tally = Tally("fan-out: 85 symbols, each socket wants 10")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        load, publisher = rig.worker("loader"), rig.worker("publisher")
        publisher.call("start", symbols=SYMBOLS)
        picows = start_picows(rig, load, publisher) if find_spec("picows") else None
        cpu_us, bare_us = measure_project(rig, tally, load, publisher, picows)
        other_us, other_p99 = measure_usual_design(rig, load, publisher)
        tally.note(f"the usual design, {USUAL_SOCKETS} sockets")
        tally.line("  CPU of a client update", other_us, "us")
        tally.line("  from publication to receipt, p99", other_p99, "ms")
        tally.ratio("  the usual design over ours", other_us, cpu_us)
        if picows:
            tally.line(f"a bare picows server, {BARE_SOCKETS} sockets", bare_us, "us")
            tally.line("  ours over it", cpu_us / bare_us, "times", OVER_PICOWS)
        else:
            tally.note("picows is not installed: skipped")
        if nchan.module():
            by_symbol, at_once = measure_nchan(rig, load, publisher)
            tally.line("nchan, a channel per symbol, 500 sockets", by_symbol, "us")
            tally.ratio("  it over ours", by_symbol, cpu_us, OVER_OURS)
            tally.line("nchan, one same frame for all, 500 sockets", at_once, "us")
        else:
            tally.note("nchan is not installed: skipped")
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
