"""Comparison of the capacity formula with real servers: sockets and web processes.

Each web process has its share of the sockets. The CPU of all of them for a batch, and what
Redis sends, are measured in the same run and compared with `benchmarks/rig/capacity.py`, whose
constants are first measured anew: the formula is checked, and not the speed of the machine.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fanout import SYMBOLS
from benchmarks.rig import capacity
from benchmarks.rig.processes import Rig, Worker, port_of
from benchmarks.rig.readings import Tally, cpu_s

SIZES = ((500, 1), (2000, 2), (4000, 3))
# The constants come from these numbers of sockets of one process.
FEW, MANY = 200, 2000
BATCHES, ROUNDS = 10, 8
TOLERANCE_PCT = 25.0


class Servers:
    """Web processes, each with a port and its share of the sockets, as behind a load balancer.

    On one shared port, the process that woke first accepted nearly all.
    """

    def __init__(self, rig: Rig, load: Worker, publisher: Worker, processes: int) -> None:
        self.load, self.publisher, self.processes = load, publisher, processes
        self.listeners = [rig.listen() for _number in range(processes)]
        self.webs = [
            rig.web(listener, application="project.asgi:application") for listener in self.listeners
        ]
        self.names = [f"{number} of {processes}" for number in range(processes)]
        self.sockets = 0

    def measure(self, sockets: int) -> tuple[float, float]:
        """Open sockets up to this number; return the CPU in ms and KB from Redis, for a batch."""
        share = sockets // self.processes
        for name, listener in zip(self.names, self.listeners, strict=True):
            port, count = port_of(listener), share - self.sockets
            self.load.call("open", name=name, port=port, count=count, symbols=SYMBOLS)
        self.sockets = share
        for _ in range(5):
            self.publisher.call("publish")
        time.sleep(1)
        return min(self._one_round() for _ in range(ROUNDS))

    def close(self) -> None:
        for name in self.names:
            self.load.call("close", name=name)
        for web in self.webs:
            web.terminate()
            web.wait()

    def _one_round(self) -> tuple[float, float]:
        for name in self.names:
            self.load.call("reset", name=name)
        cpu_before_s, sent = self._cpu_s(), self.publisher.call("info")["sent_bytes"]
        for number in range(1, BATCHES + 1):
            self.publisher.call("publish")
            for name in self.names:
                self.load.call("wait", name=name, updates=number * self.sockets)
        spent_ms = (self._cpu_s() - cpu_before_s) * 1000 / BATCHES
        sent_kb = (self.publisher.call("info")["sent_bytes"] - sent) / 1024 / BATCHES
        return spent_ms, sent_kb

    def _cpu_s(self) -> float:
        return sum(cpu_s(web.pid) for web in self.webs)


def constants(
    few: tuple[float, float], many: tuple[float, float], two: tuple[float, float]
) -> dict[str, float]:
    """Return the constants of this machine: from one process with few and many sockets, and two."""
    update_us = (many[0] - few[0]) * 1000 / (MANY - FEW)
    return {
        "UPDATE_CPU_US": update_us,
        "BATCH_CPU_MS": max(0.0, few[0] - FEW * update_us / 1000),
        "PUBLICATION_KB": two[1] - few[1],
        "WRITER_KB": 2 * few[1] - two[1],
    }


def compare(tally: Tally, sockets: int, processes: int, real: tuple[float, float]) -> None:
    """Print what the formula predicts for a size beside what was measured."""
    size = capacity.Load(sockets=sockets, processes=processes)
    predicted = capacity.web_cpu_ms(size), capacity.redis_kb(size)
    tally.note(f"{sockets} sockets, {processes} processes")
    for unit, expected, value in zip(("ms of CPU", "KB from Redis"), predicted, real, strict=True):
        tally.line(f"  predicted {expected:.1f}, measured", value, unit)
        tally.line("  difference", abs(expected / value - 1) * 100, "%", TOLERANCE_PCT)


def main() -> None:
    tally = Tally("capacity: predicted and measured, for one batch of 85 symbols")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        load, publisher = rig.worker("loader"), rig.worker("publisher")
        publisher.call("start", symbols=SYMBOLS)
        one = Servers(rig, load, publisher, 1)
        readings = {sockets: one.measure(sockets) for sockets in (FEW, SIZES[0][0], MANY)}
        one.close()
        two = Servers(rig, load, publisher, 2)
        few_of_two, real = two.measure(FEW), two.measure(SIZES[1][0])
        two.close()
        for name, value in constants(readings[FEW], readings[MANY], few_of_two).items():
            tally.line(f"{name} (in the formula: {getattr(capacity, name):g})", value, "")
            setattr(capacity, name, value)
        compare(tally, *SIZES[0], readings[SIZES[0][0]])
        compare(tally, *SIZES[1], real)
        three = Servers(rig, load, publisher, SIZES[2][1])
        compare(tally, *SIZES[2], three.measure(SIZES[2][0]))
        three.close()
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
