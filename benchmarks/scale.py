"""Comparison of the capacity formula with real servers: sockets, web processes and batches.

The constants of `benchmarks/rig/capacity.py` are measured anew at few and many sockets of one
process and at two processes, with batches and without. Then three other sizes are predicted, with
other pauses between the batches: the formula is checked, and not the speed of the machine. Figures
are CPU seconds of the web processes and bytes that Redis counts, over some seconds of a constant
rhythm; the first batches after the sockets were opened are not counted.
"""

import argparse
import os
import statistics
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fanout import SYMBOLS
from benchmarks.rig import capacity
from benchmarks.rig.processes import Rig, Worker, port_of
from benchmarks.rig.readings import Tally, cpu_s

# Sockets, processes, and the seconds from a batch to the next.
PREDICTED = ((1000, 1, 1.0), (3000, 2, 5.0), (6000, 3, 2.0))
FEW, MANY, OF_TWO = 200, 2000, 1000
FAST_S = 0.5
WINDOW_S, ROUNDS = 10.0, 3
TOLERANCE_PCT = 15.0


@dataclass(frozen=True)
class Reading:
    """What web processes and Redis did in a second; the frames are those to one socket."""

    cpu_ms: float
    redis_kb: float
    frames: float


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

    def open(self, sockets: int) -> float:
        """Open sockets up to this number; return the CPU of a connect in ms."""
        share = (sockets - self.sockets) // self.processes // ROUNDS
        costs_ms = [self._open_more(share) for _ in range(ROUNDS)]
        self.sockets += share * ROUNDS * self.processes
        for _ in range(5):
            self.publisher.call("publish")
            time.sleep(FAST_S)
        return statistics.median(costs_ms)

    def read(self, every_s: float | None) -> Reading:
        """Return the window with the median CPU; without `every_s`, no batch is published."""
        readings = [self._read_once(every_s) for _ in range(ROUNDS)]
        return sorted(readings, key=attrgetter("cpu_ms"))[ROUNDS // 2]

    def close(self) -> None:
        for name in self.names:
            self.load.call("close", name=name)
        for web in self.webs:
            web.terminate()
            web.wait()

    def _open_more(self, share: int) -> float:
        before_s = self._cpu_s()
        for name, listener in zip(self.names, self.listeners, strict=True):
            port = port_of(listener)
            opened = self.load.call("open", name=name, port=port, count=share, symbols=SYMBOLS)
            assert opened["refused"] == 0
        return (self._cpu_s() - before_s) * 1000 / (share * self.processes)

    def _read_once(self, every_s: float | None) -> Reading:
        batches = round(WINDOW_S / every_s) if every_s else 0
        for name in self.names:
            self.load.call("reset", name=name)
        first, second = self._info(), self._info()
        answers = second["sent_bytes"] - first["sent_bytes"]
        cpu_before_s, started_at = self._cpu_s(), time.monotonic()
        for number in range(batches):
            self.publisher.call("publish")
            time.sleep(max(0.0, started_at + (number + 1) * (every_s or 0) - time.monotonic()))
        time.sleep(max(0.0, started_at + WINDOW_S - time.monotonic()))
        spent_s, last = self._cpu_s() - cpu_before_s, self._info()
        lasted_s = time.monotonic() - started_at
        frames = sum(self.load.call("state", name=name)["frames"] for name in self.names)
        return Reading(
            cpu_ms=spent_s * 1000 / lasted_s,
            redis_kb=(last["sent_bytes"] - second["sent_bytes"] - answers) / 1024 / lasted_s,
            frames=frames / self.sockets / lasted_s,
        )

    def _info(self) -> dict[str, int]:
        return dict(self.publisher.call("info"))

    def _cpu_s(self) -> float:
        return sum(cpu_s(web.pid) for web in self.webs)


def measure_constants(rig: Rig, load: Worker, publisher: Worker) -> dict[str, float]:
    """Return the constants of this machine: from one process with few and many sockets, and two."""
    idle, busy = {}, {}
    with closing(Servers(rig, load, publisher, 1)) as one:
        one.open(FEW)
        idle[FEW], busy[FEW] = one.read(None), one.read(FAST_S)
        connect_ms = one.open(MANY)
        idle[MANY], busy[MANY] = one.read(None), one.read(FAST_S)
    with closing(Servers(rig, load, publisher, 2)) as two:
        two.open(OF_TWO)
        idle_of_two, busy_of_two = two.read(None), two.read(FAST_S)

    beats = 1 / capacity.HEARTBEAT_S
    beat_ms = (idle[MANY].cpu_ms - idle[FEW].cpu_ms) / (MANY - FEW) / beats
    idle_ms = idle[FEW].cpu_ms - FEW * beat_ms * beats
    update_ms = (busy[MANY].cpu_ms - busy[FEW].cpu_ms) * FAST_S / (MANY - FEW)
    # Sockets with a frame in every half second get no heartbeat.
    batch_ms = (busy[FEW].cpu_ms - idle_ms) * FAST_S - FEW * update_ms
    poll_kb = statistics.mean((idle[MANY].redis_kb, idle_of_two.redis_kb / 2))
    of_one_kb, of_two_kb = (
        (busy[MANY].redis_kb - poll_kb) * FAST_S,
        (busy_of_two.redis_kb - 2 * poll_kb) * FAST_S,
    )
    return {
        "UPDATE_CPU_US": update_ms * 1000,
        "BATCH_CPU_MS": batch_ms,
        "HEARTBEAT_CPU_US": beat_ms * 1000,
        "IDLE_CPU_MS": idle_ms,
        "CONNECT_CPU_MS": connect_ms,
        "PUBLICATION_KB": of_two_kb - of_one_kb,
        "WRITER_KB": 2 * of_one_kb - of_two_kb,
        "POLL_KB": poll_kb,
    }


def compare(tally: Tally, servers: Servers, load: capacity.Load) -> None:
    """Print what the formula predicts for a size beside what was measured."""
    tally.note(f"{load.sockets} sockets, {load.processes} processes, a batch in {load.every_s} s")
    connect_ms = servers.open(load.sockets)
    reading = servers.read(load.every_s)
    for name, predicted, measured in (
        ("ms of CPU a second", capacity.web_cpu_ms(load) / load.every_s, reading.cpu_ms),
        ("KB a second from Redis", capacity.redis_kb(load) / load.every_s, reading.redis_kb),
        ("frames a second to a socket", (1 + load.heartbeats) / load.every_s, reading.frames),
        ("ms of CPU of a connect", capacity.CONNECT_CPU_MS, connect_ms),
    ):
        tally.line(f"  {name}: predicted {predicted:.2f}, measured", measured, "")
        tally.line("    difference", abs(predicted / measured - 1) * 100, "%", TOLERANCE_PCT)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    tally = Tally("capacity: predicted and measured, for batches of 85 symbols")
    tally.note(f"load of the machine {os.getloadavg()[0]:.1f}")
    with Rig() as rig, rig.on_failure_show_log():
        rig.start_redis()
        rig.prepare()
        load, publisher = rig.worker("loader"), rig.worker("publisher")
        publisher.call("start", symbols=SYMBOLS)
        found = measure_constants(rig, load, publisher)
        for name, value in found.items():
            tally.line(f"{name} (in the formula: {getattr(capacity, name):g})", value, "")
            setattr(capacity, name, value)
        for sockets, processes, every_s in PREDICTED:
            size = capacity.Load(sockets=sockets, processes=processes, every_s=every_s)
            with closing(Servers(rig, load, publisher, processes)) as servers:
                compare(tally, servers, size)
    tally.note(f"load of the machine {os.getloadavg()[0]:.1f}")
    sys.exit(tally.exit_code)


if __name__ == "__main__":
    main()
